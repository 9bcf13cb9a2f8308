-- Takes a place among those who may be at work at once.
--
-- KEYS[1]   the places: a sorted set of tokens, each with the time at which it frees itself
-- ARGV[1]   how many places there are
-- ARGV[2]   how long one is kept without being renewed, in ms
-- ARGV[3]   the token
-- Reply     {1 or 0, how many more places there are, ms until the first frees itself}
-- Atomic    because two callers must not get the last place.
-- TTL       ARGV[2]: no place outlives that.

redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', NOW)
local limit, taken = tonumber(ARGV[1]), redis.call('ZCARD', KEYS[1])
if taken >= limit then
  local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  return { 0, 0, first[2] and math.ceil(tonumber(first[2]) - NOW) or 0 }
end
redis.call('ZADD', KEYS[1], NOW + ARGV[2], ARGV[3])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return { 1, limit - taken - 1, 0 }
