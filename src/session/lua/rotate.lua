-- Gives a session another name.
--
-- KEYS[1]   the session
-- KEYS[2]   what it becomes, which nobody knows yet
-- KEYS[3]   the index of its user, where it has one
-- ARGV[1]   the longest life in ms, 0 for any
-- ARGV[2]   the version that was read
-- ARGV[3]   the name of the index that was read, '' for none
-- ARGV[4]   the name that it is to have
-- ARGV[5]   for how many ms the old one leads to the new one
-- ARGV[6]   how long the tombstone stays behind that, in ms
-- ARGV[7…9] the data, the user and what is told of the device, as they are to be stored under the new name
-- ARGV[10]  the old name
-- Reply     {1, now, ends}; {3} it has changed since it was read; {0} none, {-1} destroyed, {-2} nothing of ours, {2, name} moved to there
-- Atomic    at no time there are two, or none
-- TTL       the session as before, the pointer ARGV[5] + ARGV[6]
--
-- Sent twice it says the same: the second finds that it leads to the new name.

local key, absolute = KEYS[1], tonumber(ARGV[1])
local state, it = look(key, absolute)
if it and it.to == ARGV[4] then return { 1, NOW, NOW + redis.call('PTTL', KEYS[2]) } end
if state ~= 'live' then return absent(state, it) end
if it.v ~= ARGV[2] or it.i ~= ARGV[3] then return { 3 } end

it.d, it.u, it.m = ARGV[7], ARGV[8], ARGV[9]
local score, ends = plant(KEYS[2], it, absolute)
if KEYS[3] then
  prune(KEYS[3])
  -- One that has to go has to go still.
  local has_to_go = tonumber(redis.call('ZSCORE', KEYS[3], ARGV[10]) or 0) < 0
  enter(KEYS[3], ARGV[4], has_to_go and -score or score)
  redis.call('ZREM', KEYS[3], ARGV[10])
end
point(key, ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]))
return { 1, NOW, ends }
