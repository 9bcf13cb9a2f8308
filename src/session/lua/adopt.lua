-- Makes a session of what another store has left.
--
-- KEYS[1]   the session
-- KEYS[2]   what the other has, which goes; not where it has another slot, and goes behind this
-- ARGV[1]   the longest life in ms, 0 for any
-- ARGV[2]   what it had when it was read
-- ARGV[3]   the version
-- ARGV[4]   for how many ms it may go unseen
-- ARGV[5]   the data
-- ARGV[6]   the cookie
-- Reply     {1, 1, '', ends, 0}; {3, place, v, d, …} as `read.lua`, where another has made one meanwhile; {5} it was changed; {0} it is over;
--           {-1} destroyed, {2, name} moved to there
-- Atomic    of two who come at once one makes it
-- TTL       ARGV[4]
--
-- Sent twice it says the same: the second finds its own version.

local absolute = tonumber(ARGV[1])
local state, it = look(KEYS[1], absolute)
if state == 'live' then
  if it.v ~= ARGV[3] then return told(3, it, 1, end_now(KEYS[1], it), 0) end
  return { 1, 1, '', end_now(KEYS[1], it), 0 }
end
if state == 'gone' or state == 'moved' then return absent(state, it) end
if KEYS[2] then
  local found = redis.pcall('GET', KEYS[2])
  if type(found) ~= 'string' then return { 0 } end
  if found ~= ARGV[2] then return { 5 } end
end
if state == 'bad' then redis.call('DEL', KEYS[1]) end
local ends = make(KEYS[1], ARGV[3], tonumber(ARGV[4]), absolute, 'd', ARGV[5], 'c', ARGV[6])
if KEYS[2] then redis.call('DEL', KEYS[2]) end
return { 1, 1, '', ends, 0 }
