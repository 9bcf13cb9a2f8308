-- One look at all locks that are to be released, and one at all queues: most locks are held as they should be, and nobody waits.
local locks, queues = {}, {}
for i = 1, #KEYS, 4 do
  locks[#locks + 1], queues[#queues + 1] = KEYS[i], KEYS[i + 2]
end
local holders = redis.call('MGET', unpack(locks))
local is_waited_for = redis.call('EXISTS', unpack(queues)) > 0

