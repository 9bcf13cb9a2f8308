-- Keeps places.
--
-- KEYS[1]   the places, as in `acquire.lua`
-- ARGV[1]   how long they are kept from now on, in ms
-- ARGV[2…]  their tokens
-- Reply     how many of them were held still
-- Atomic    because a place that has freed itself may be another's by now.
-- TTL       ARGV[1]: no place outlives that.

local held = 0
for i = 2, #ARGV do
  local ends = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if ends and tonumber(ends) > NOW then
    redis.call('ZADD', KEYS[1], NOW + ARGV[1], ARGV[i])
    held = held + 1
  end
end
if held > 0 and redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return held
