-- Those who wait, in the order of their coming: `<inbox>/<kind><word>`, and the word is what they are called up by. Needs `time.lua`.

local function kind_of(waiter)
  return string.sub(waiter, string.find(waiter, '/', 1, true) + 1, string.find(waiter, '/', 1, true) + 1)
end

-- Takes those out who have not been heard of for too long.
local function bury(queue, waiting)
  repeat
    local dead = redis.pcall('ZRANGEBYSCORE', waiting, '-inf', NOW, 'LIMIT', 0, 100)
    if #dead > 0 then
      redis.call('ZREM', queue, unpack(dead))
      redis.call('ZREM', waiting, unpack(dead))
    end
  until #dead < 100
end

-- The first `count` who wait. Where somebody else has put something there, nobody does.
local function first_of(queue, waiting, count)
  if count < 1 or (tonumber(redis.pcall('ZCARD', queue)) or 0) == 0 then return {} end
  bury(queue, waiting)
  return redis.call('ZRANGE', queue, 0, count - 1)
end

-- The channel of an inbox begins so.
local WAKE = 'redwright:wake:'

-- Whether the server lets us. Where it does not, the waiter's own timer has him ask.
local function say(inbox, what)
  return type(redis.pcall('PUBLISH', WAKE .. inbox, what)) == 'number'
end

-- Tells a waiter to try.
local function call_up(waiter)
  local inbox, word = string.match(waiter, '^(%x+)/.(.*)$')
  if inbox then say(inbox, word) end
end

local function leave(queue, waiting, waiter)
  redis.call('ZREM', waiting, waiter)
  return redis.call('ZREM', queue, waiter) == 1
end

-- Stands in line, where one stays until one leaves or has not been heard of for `lease` ms. Gives when that will be.
local function stand(queue, waiting, waiter, lease)
  local last = redis.call('ZRANGE', queue, -1, -1, 'WITHSCORES')[2]
  -- As text: not every server takes a number of so many digits for what it is, and of two who come at the same moment one is the first.
  redis.call('ZADD', queue, 'NX', string.format('%.0f', math.max(MICROS, (tonumber(last) or 0) + 1)), waiter)
  redis.call('ZADD', waiting, NOW + lease, waiter)
  for _, key in ipairs({ queue, waiting }) do
    if redis.call('PTTL', key) < lease then redis.call('PEXPIRE', key, lease) end
  end
  return NOW + lease
end
