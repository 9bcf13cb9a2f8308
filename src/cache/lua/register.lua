-- Enters a key into the index of one tag, where the entry itself lives in another slot.
--
-- KEYS[1]   the index of the tag
-- KEYS[2]   its last invalidation
-- ARGV[1]   the key
-- ARGV[2]   how long it may be there, in ms, or empty for no end
-- ARGV[3]   the epoch before its load, or empty
-- Reply     1, or 0 where the tag was invalidated since
-- Atomic    because an invalidation between the look and the entering would miss the key.
-- TTL       the index ends when the last of its members leaves, or up to a quarter later.

local snapshot = ARGV[3]
if snapshot ~= '' and tonumber(redis.call('GET', KEYS[2]) or 0) > tonumber(snapshot) then return 0 end
local now = clock()
-- Until it is replaced, if it is, another entry is there, which may live longer than the new one.
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if ARGV[2] == '' or score == 'inf' then
  score = '+inf'
elseif not score or tonumber(score) < now + ARGV[2] then
  score = leaves(now, tonumber(ARGV[2]))
end
return enter(KEYS[1], now, score, score, ARGV[1]) or 1
