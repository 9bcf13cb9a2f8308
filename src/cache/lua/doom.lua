-- Invalidates a tag for all loads that have begun, and sets aside the keys that are to be deleted.
--
-- KEYS[1]   the index of the tag
-- KEYS[2]   its last invalidation
-- KEYS[3]   the keys set aside
-- ARGV[1]   the epoch of this invalidation
-- ARGV[2]   how long to remember it, in ms: longer than any lease
-- ARGV[3]   1 to set the index aside
-- Reply     1, or 0 where keys of an earlier invalidation are still set aside and those of the index are not
-- Atomic    because a key that is entered afterwards must see the epoch, and one that was entered before must be set aside.
-- Again     never with the same epoch: it says whose keys are set aside.
-- TTL       ARGV[2]; keys set aside keep that of the index.

local last = redis.call('GET', KEYS[2])
if not last or (tonumber(last) or 0) < tonumber(ARGV[1]) then redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2]) end
if ARGV[3] ~= '1' then return 1 end
if redis.call('EXISTS', KEYS[3]) == 1 then return 0 end
local kind = redis.call('TYPE', KEYS[1])['ok']
if kind == 'none' then return 1 end
if kind ~= 'zset' then return redis.error_reply('WRONGTYPE the index of a tag is no sorted set') end
redis.call('RENAME', KEYS[1], KEYS[3])
-- Who it was, as the score of the empty member: no key is empty, and no other score is negative. `drain.lua` reads it.
redis.call('ZADD', KEYS[3], '-' .. ARGV[1], '')
return 1
