-- Keeps places.
--
-- KEYS      for each place two: the holders, and the fence
-- ARGV      for each place three: the kind and the owner's token in one, the TTL in ms from now on, how long the fence is kept in ms
-- Reply     for each place an integer: 1 where it was held still, otherwise 0
-- Atomic    because a place that has ended may be another's by now.
-- TTL       of the holders the longest of theirs, of a fence as given.

local reply = {}
for i = 1, #KEYS, 2 do
  local arg = 3 * (i - 1) / 2
  local own, ttl = ARGV[arg + 1], tonumber(ARGV[arg + 2])
  -- What holds something else holds no place, and is no concern of the others.
  local ends = tonumber(redis.pcall('ZSCORE', KEYS[i], own))
  local held = ends and ends > NOW
  if held then
    redis.call('ZADD', KEYS[i], NOW + ttl, own)
    if redis.call('PTTL', KEYS[i]) < ttl then redis.call('PEXPIRE', KEYS[i], ttl) end
    redis.call('PEXPIRE', KEYS[i + 1], ARGV[arg + 3])
  end
  reply[#reply + 1] = held and 1 or 0
end
return reply
