-- Invalidates tags: each is given a number of its own, later than all before. Without tags it only has the numbers begin, where there are none, and live on.
--
-- KEYS[1]   the last number (a string)
-- KEYS[2]   what is known of each tag (a hash): `expired stale later at`, three numbers and a time in ms; under one NUL the first number
-- KEYS[3]   the tags by their last number (a sorted set)
-- ARGV[1]   how long all of that is kept, in ms: no entry lives longer
-- ARGV[2]   `expire`: what carries the tag is over now; `stale`: it is stale from now on, and over in ARGV[3] ms where that is not -1;
--           `all`: everything is over
-- ARGV[4..] the tags
-- Reply     the last number, the first, the one before all of these, then each tag and what is known of it now
-- Atomic    because the numbers of two callers must differ, and a reader must not see a number without its tags.
-- Again     later numbers, which is right: the tags are invalidated again.
-- TTL       all three keys end together; whoever stores entries calls this often enough that they end behind the last of them.

local last, states, order = KEYS[1], KEYS[2], KEYS[3]
local keep, how, span = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local time = redis.call('TIME')
local us = time[1] * 1000000 + time[2]
local ms = math.floor(us / 1000)

local function written(number)
  return string.format('%.0f', number)
end

local before = tonumber(redis.call('GET', last) or '0') or 0
local number = before
-- In microseconds of the server's clock, so that they go on where all was lost.
local function following()
  number = math.max(number, us) + 1
  return number
end

local first = redis.call('HGET', states, '\0')
-- Where a part is lost, nothing is known of what was invalidated before.
if how == 'all' or not first or before == 0 or redis.call('ZCARD', order) ~= redis.call('HLEN', states) - 1 then
  redis.call('DEL', states, order)
  first = written(following())
  redis.call('HSET', states, '\0', first)
end

local reply = { 0, first, written(before) }
for i = 4, #ARGV do
  local tag = ARGV[i]
  local own = following()
  local expired, stale, later, at = string.match(redis.call('HGET', states, tag) or '', '^(%d+) (%d+) (%d+) (%d+)$')
  expired, stale, later, at = tonumber(expired or 0), tonumber(stale or 0), tonumber(later or 0), tonumber(at or 0)
  if how == 'expire' then
    expired = own
  else
    stale = own
    if span >= 0 then
      -- The last call says when; what it was said of before and has passed is over.
      if at > 0 and at <= ms then expired = math.max(expired, later) end
      later, at = own, ms + span
    end
  end
  local state = written(expired) .. ' ' .. written(stale) .. ' ' .. written(later) .. ' ' .. written(at)
  redis.call('HSET', states, tag, state)
  redis.call('ZADD', order, written(own), tag)
  reply[#reply + 1] = tag
  reply[#reply + 1] = state
end

-- Nothing is left that is as old as these.
local gone = redis.call('ZRANGEBYSCORE', order, '-inf', written(us - keep * 1000), 'LIMIT', 0, 100)
if #gone > 0 then
  redis.call('HDEL', states, unpack(gone))
  redis.call('ZREM', order, unpack(gone))
end
redis.call('SET', last, written(number), 'PX', keep)
redis.call('PEXPIRE', states, keep)
redis.call('PEXPIRE', order, keep)
reply[1] = written(number)
return reply
