-- Says that a process is alive, and which policies it uses.
--
-- KEYS[1]   the processes: a sorted set of names, each with the time at which it was last heard of
-- KEYS[2]   the policies that keys were counted by: a set of what their keys end in
-- ARGV[1]   the name of the process
-- ARGV[2]   how long it counts as alive, in ms
-- ARGV[3]   how long a policy is remembered, in ms: longer than what is counted by it matters
-- ARGV[4…]  the policies
-- Reply     how many processes are alive
-- Atomic    because who leaves and who comes must not be counted at different times.
-- TTL       ARGV[2]; the longest ARGV[3] that was given.

redis.call('ZADD', KEYS[1], NOW, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', NOW - ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
if #ARGV > 3 then
  redis.call('SADD', KEYS[2], unpack(ARGV, 4))
  if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[2], ARGV[3]) end
end
return redis.call('ZCARD', KEYS[1])
