-- Begins an invalidation: counts the epoch up, from the server's clock where there is none.
--
-- KEYS[1]   the epoch
-- ARGV[1]   how long to keep it, in ms
-- Reply     the new epoch, as text
-- Atomic    because two invalidations must not get the same.
-- TTL       ARGV[1]. An epoch that was lost begins with the clock again, in microseconds: later than any before, as long as the clock is.

local time = redis.call('TIME')
local epoch = math.max(tonumber(redis.call('GET', KEYS[1]) or 0) + 1, time[1] * 1000000 + time[2])
local text = string.format('%.0f', epoch)
redis.call('SET', KEYS[1], text, 'PX', ARGV[1])
return text
