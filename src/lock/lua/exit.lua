-- Gives a place back, leaves the queue, and calls up who is next.
--
-- KEYS      the holders, the queue, the waiters by when they count as dead, the number of permits that was set
-- ARGV[1]   the kind: p a permit, r a reader, w a writer
-- ARGV[2]   how many permits there are, unless another number was set
-- ARGV[3]   the owner's token
-- ARGV[4]   the waiter, or an empty string
-- Reply     {1 where the place was held still, otherwise 0}
-- Atomic    because those who are called up must find the place free.
-- TTL       nothing is written that stays.

local holders, queue, waiting = KEYS[1], KEYS[2], KEYS[3]
redis.call('ZREMRANGEBYSCORE', holders, '-inf', NOW)
local held = redis.call('ZREM', holders, ARGV[1] .. ARGV[3])
if ARGV[4] ~= '' then leave(queue, waiting, ARGV[4]) end
for _, next in ipairs(next_of(ARGV[1], holders, queue, waiting, KEYS[4], ARGV[2])) do call_up(next) end
return { held }
