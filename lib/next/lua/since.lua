-- What has been invalidated behind a number.
--
-- KEYS      as of invalidate.lua
-- ARGV[1]   the number
-- ARGV[2]   of so many tags at most
-- Reply     the number up to which this tells, the first, then each tag and what is known of it; nil where no numbers have begun, or a part of
--           them is lost
-- Atomic    because numbers, order and states belong together.
-- Writes    nothing.

local last = redis.call('GET', KEYS[1])
local first = redis.call('HGET', KEYS[2], '\0')
if not last or not first or redis.call('ZCARD', KEYS[3]) ~= redis.call('HLEN', KEYS[2]) - 1 then return false end
local most = tonumber(ARGV[2])
local tags = redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. ARGV[1], '+inf', 'LIMIT', 0, most)
if #tags == 0 then return { last, first } end
local states = redis.call('HMGET', KEYS[2], unpack(tags))
local reply = { last, first }
if #tags == most then reply[1] = redis.call('ZSCORE', KEYS[3], tags[#tags]) end
for i, tag in ipairs(tags) do
  reply[#reply + 1] = tag
  reply[#reply + 1] = states[i] or ''
end
return reply
