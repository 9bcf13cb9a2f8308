-- Writes a session as one that was read before, or as a new one.
--
-- KEYS      the names that its id may have, the present one first
-- ARGV[1]   the longest life in ms, 0 for any
-- ARGV[2]   the version that was read; '' for a new one, which is written over one that is there
-- ARGV[3]   the version that it becomes
-- ARGV[4]   for how many ms it may go unseen from now on, '' for as many as before
-- ARGV[5]   the data
-- ARGV[6]   the cookie
-- ARGV[7]   1 where a new one may be made under the first name
-- Reply     {1, place, i, ends, due}; {3, place, v, d, …} as `read.lua`, where another has written meanwhile; {0} none, {-1} destroyed, {-2} nothing
--           of ours, {2, name} moved to there
-- Atomic    what was destroyed or is over meanwhile stays so, and of two that have read the same one writes
-- TTL       ARGV[4]
--
-- Sent twice it says the same: the second finds its own version.

local absolute = tonumber(ARGV[1])
local state, it, key, place = find(absolute)
if state == 'live' then
  if ARGV[2] ~= '' and it.v ~= ARGV[2] and it.v ~= ARGV[3] then return told(3, it, place, end_now(key, it), 0) end
  local idle = tonumber(ARGV[4]) or it.n
  redis.call('HSET', key, 'v', ARGV[3], 'd', ARGV[5], 'c', ARGV[6], 'l', text(NOW), 'n', text(idle))
  return { 1, place, it.i, see(key, it, idle, absolute) }
end
local is_vacant = state == 'none' or state == 'bad'
if not is_vacant or ARGV[2] ~= '' or ARGV[7] ~= '1' then return absent(state, it) end
if state == 'bad' then redis.call('DEL', key) end
return { 1, place, '', make(key, ARGV[3], tonumber(ARGV[4]), absolute, 'd', ARGV[5], 'c', ARGV[6]), 0 }
