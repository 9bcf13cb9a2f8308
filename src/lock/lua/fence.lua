-- Fencing tokens: for each resource greater than all before, as long as its fence is there or the server's clock has not gone back. Needs `time.lua`.

-- As most tokens are written. What is a number here is written out anew by each call that is given it, which is dear.
local STAMP = string.format('%.0f', MICROS)

-- The token behind another, which is none where somebody else has put something there; as a number, and as it is written.
local function token_after(last)
  last = tonumber(last)
  if not last or last < MICROS then return MICROS, STAMP end
  return last + 1, string.format('%.0f', last + 1)
end

-- `count` keys of fences, each `step` behind the one before. Gives their next token, and has each of them hold it for `life` ms.
local function next_token(first, count, step, life)
  local last = 0
  for i = first, first + (count - 1) * step, step do last = math.max(last, tonumber(redis.pcall('GET', KEYS[i])) or 0) end
  local token, text = token_after(last)
  for i = first, first + (count - 1) * step, step do redis.call('SET', KEYS[i], text, 'PX', life) end
  return token
end

-- The greatest token that they hold. Each holds on to its own for `life` ms.
local function kept_token(first, count, step, life)
  local token = 0
  for i = first, first + (count - 1) * step, step do
    token = math.max(token, tonumber(redis.pcall('GET', KEYS[i])) or 0)
    redis.call('PEXPIRE', KEYS[i], life)
  end
  return token
end
