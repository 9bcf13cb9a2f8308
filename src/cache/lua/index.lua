-- The index of a tag: a sorted set of the keys that carry it, each with a time, in ms of the server's clock, at which its entry has
-- ended. Put before the scripts that enter keys.

-- Of so many calls one has keys leave that have ended, so many times more than come.
local SWEEP = 4

-- When a key leaves whose entry lives `span` ms from now, as text: rounded up by less than a thirty-second part of that. So one that is stored again soon stays
-- where it is in the index, which costs less than to move it.
local function leaves(now, span)
  local _, exponent = math.frexp(span / 64)
  local grain = math.ldexp(1, math.max(0, exponent))
  return string.format('%.0f', math.ceil((now + span) / grain) * grain)
end

-- Enters members, given as ZADD takes them, of which the longest stays `longest` ms (0 for no end). Gives an error where the key is no index.
--
-- The life of the index never gets shorter; where it must get longer it is given a quarter more, so that the next members seldom have to.
-- Keys that have ended leave faster than others come, so they never gather.
local function enter(index, now, longest, scored)
  local left = redis.call('PTTL', index)
  local added = redis.pcall('ZADD', index, unpack(scored))
  if type(added) == 'table' then
    -- What the server refuses to everybody must not be taken for an answer.
    if not string.find(added.err, 'WRONGTYPE', 1, true) then redis.call('ZADD', index, unpack(scored)) end
    return added
  end
  if longest == 0 then
    if left ~= -1 then redis.call('PERSIST', index) end
  elseif left ~= -1 and left < longest then
    redis.call('PEXPIRE', index, math.ceil(longest * 1.25))
  end
  if now % SWEEP == 0 then
    local ended = redis.call('ZRANGEBYSCORE', index, '-inf', '(' .. now, 'LIMIT', 0, math.min(#scored * SWEEP, 1000))
    if #ended > 0 then redis.call('ZREM', index, unpack(ended)) end
  end
end
