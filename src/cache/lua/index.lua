-- The index of a tag: a sorted set of the keys that carry it, each with a time, in ms of the server's clock, at which its entry has
-- ended. It ends no earlier than any of these times. Put before the scripts that enter keys.

-- So much longer than its entry a key is in an index, in ms: the two are not written at the same moment.
local MARGIN = 1000

-- One of so many calls has keys leave that have ended: twice as many for each that was given.
local SWEEP = 8

-- When a key leaves whose entry lives `span` ms from now, as text: rounded up by less than a thirty-second part of that. So one that is stored again soon stays
-- where it is in the index, which costs less than to move it.
local function leaves(now, span)
  local _, exponent = math.frexp(span / 64)
  local grain = math.ldexp(1, math.max(0, exponent))
  return string.format('%.0f', math.ceil((now + span) / grain) * grain)
end

-- Has keys leave that have ended, faster than others come, so that they never gather.
local function sweep(index, now, count)
  local ended = redis.call('ZRANGEBYSCORE', index, '-inf', '(' .. now, 'LIMIT', 0, math.min(2 * SWEEP * count, 1000))
  if #ended > 0 then redis.call('ZREM', index, unpack(ended)) end
end

-- Enters members, given as ZADD takes them, which all leave at `till`. Gives an error where the key is no index.
--
-- The life of the index never gets shorter; where it must get longer it is given a quarter more, so that the next members seldom have to.
local function enter(index, now, till, ...)
  local changed = redis.pcall('ZADD', index, 'CH', ...)
  if type(changed) == 'table' then
    -- What the server refuses to everybody must not be taken for an answer.
    if not string.find(changed.err, 'WRONGTYPE', 1, true) then redis.call('ZADD', index, ...) end
    return changed
  end
  if now % SWEEP == 0 then sweep(index, now, select('#', ...) / 2) end
  if till == '+inf' then
    if redis.call('PTTL', index) ~= -1 then redis.call('PERSIST', index) end
    return
  end
  -- They were there until then already, and so is the index.
  if changed == 0 then return end
  local left = redis.call('PTTL', index)
  -- One that holds nothing but what was just moved or added has just begun, or was without an end for nothing else.
  if left == -1 and redis.call('ZCARD', index) == changed then left = 0 end
  if left ~= -1 and left < till - now then redis.call('PEXPIRE', index, math.ceil((till - now) * 1.25)) end
end
