-- Sets the number of permits, and calls up those who may enter now.
--
-- KEYS      the holders, the queue, the waiters by when they count as dead, the number of permits
-- ARGV[1]   the number
-- Reply     {the number}
-- Atomic    because those who are called up must find the number set.
-- TTL       seven days from when it was needed last.

redis.call('SET', KEYS[4], ARGV[1], 'PX', KEEP)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', NOW)
for _, next in ipairs(next_of('p', KEYS[1], KEYS[2], KEYS[3], KEYS[4], ARGV[1])) do call_up(next) end
return { tonumber(ARGV[1]) }
