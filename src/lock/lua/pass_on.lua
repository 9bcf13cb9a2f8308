-- Passing on a lock that is free. Needs `fence.lua` and `queue.lua`.

-- What is over sooner, in ms, may be over before it is heard of.
local SHORTEST = 1000

-- A waiter who takes a lock as it is handed to him: `<inbox>/g<its TTL>:<the life of its fence>:<token>`, both in ms. His word is what stands behind the g.
local function taker(waiter)
  return string.match(waiter, '^(%x+)/g((%d+):(%d+):(.*))$')
end

-- Whether somebody hears that inbox, here. The subscribers of other nodes of a cluster are not known.
local function is_heard(inbox)
  local counted = redis.pcall('PUBSUB', 'NUMSUB', WAKE .. inbox)
  return (tonumber(counted[2]) or 0) > 0
end

-- Gives a lock that nobody holds, and whose key is the one at `place`, to the first in line, until he would have counted as dead: so he knows, by when he last said that he waits, until
-- when it is his, and somebody who is stopped does not have it for longer than his place in line. He has his whole TTL by asking for it. Whoever cannot take it so is called up.
local function pass_on(place)
  local queue, waiting = KEYS[place + 2], KEYS[place + 3]
  local waiter = first_of(queue, waiting, 1)[1]
  if not waiter then return end
  local inbox, word, ttl, life, token = taker(waiter)
  local ends = redis.pcall('ZSCORE', waiting, waiter)
  local left = (tonumber(ends) or 0) - NOW
  if not inbox or left < SHORTEST or not is_heard(inbox) then return call_up(waiter) end
  local fencing, text = token_after(redis.pcall('GET', KEYS[place + 1]))
  -- A full memory refuses it. What was held is released all the same.
  local is_refused = redis.pcall('SET', KEYS[place + 1], text, 'PX', life).err
    or redis.pcall('SET', KEYS[place], token, 'PX', math.min(ttl, left)).err
  if is_refused then return call_up(waiter) end
  if say(inbox, word .. ' ' .. text .. ' ' .. ends) then
    leave(queue, waiting, waiter)
  else
    -- He would not know. It is free until his timer has him ask.
    redis.call('DEL', KEYS[place])
  end
end
