-- Decides in as few steps as may be what is asked for most: that one caller of a key may take units, under one policy whose state is one number. What
-- it does not allow is left to what stands behind it, whose functions are not even made where nothing is. Put behind `kinds.lua`, before all that
-- `decide.lua` needs; the contract is there.

local reply, at = { NOW }, 2

-- What is left: for each key its set, its costs, and where its block is in KEYS. A set is where its policies are in ARGV, and how many.
local rest = {}

-- Each gives how many units are left, and in ms when all of them are there again; or nothing where the key is to be looked at more closely. `text` is
-- what it holds. A number as an argument costs more than the same as text, which `costs` is.

local function count_one(policy, key, text, cost, costs)
  if not text then
    -- It may be there all the same, and be no string.
    if call('SET', key, costs, 'PX', policy.span_text, 'NX') then return policy.limit - cost, policy.span end
    return
  end
  local used = tonumber(text)
  if not used or used + cost > policy.limit then return end
  local left = call('PTTL', key)
  -- What is no whole number is somebody else's.
  if left > 0 and type(try('INCRBY', key, costs)) ~= 'table' then return policy.limit - used - cost, left end
end

-- At a rate of 1 nothing is rounded.
local function owe_one(policy, key, text, cost)
  local span, rate, left = policy.span, policy.rate, max(0, call('PTTL', key))
  local debt = left * rate
  if rate ~= 1 and left > 0 then
    local rounded = tonumber(text) or 0
    if rounded < rate then debt = debt - rounded end
  end
  local after = debt + cost * span
  if after > policy.limit * span then return end
  local longer = ceil(after / rate)
  -- At a rate of 1 the value is the same, and only its end moves.
  if rate ~= 1 or text ~= '0' or left == 0 or call('PEXPIRE', key, longer) == 0 then
    call('SET', key, longer * rate - after, 'PX', longer)
  end
  return policy.limit - ceil(after / span), longer
end

-- Redis 8.8 counts within a bound by itself (`INCREX`): one call less. Another command of that name may know no bound.
local has_increx
local function increx_one(policy, key, cost, costs)
  if not has_increx then return end
  -- A key whose window has ended in this very ms would count on.
  local left = call('PTTL', key)
  if left == -1 or left == 0 then return end
  local counted = try('INCREX', key, 'BYINT', costs, 'UBOUND', policy.limit, 'PX', policy.span_text, 'ENX')
  if counted.err then
    has_increx = string.find(counted.err, '^WRONGTYPE') ~= nil
  elseif tonumber(counted[2]) ~= 0 then
    return policy.limit - tonumber(counted[1]), left < 0 and policy.span or left
  end
end

-- How keys are decided under a policy, and whether that is told what they hold.
local function way_of(kind)
  if kind == GCRA then return owe_one, true end
  if has_increx == nil then
    local info = try('COMMAND', 'INFO', 'INCREX')
    has_increx = not info.err and type(info[1]) == 'table'
  end
  if has_increx then return increx_one, false end
  return count_one, true
end

local key, arg = 1, 2
for _ = 1, tonumber(ARGV[1]) do
  local set = { at = arg + 1, count = tonumber(ARGV[arg]) }
  arg = arg + 1 + 4 * set.count
  local count, same, step = tonumber(ARGV[arg]), ARGV[arg + 1], 1 + set.count
  arg = arg + 2
  if same == '' then same = nil end
  local same_cost = same and tonumber(same)
  local kind = step == 2 and tonumber(ARGV[set.at])
  local is_number = kind == FIXED or kind == GCRA
  local decide_one, has_texts, policy, found
  -- Behind what is left, nothing of the same key may be decided before it.
  if is_number and #rest == 0 then
    decide_one, has_texts = way_of(kind)
    local span_text = ARGV[set.at + 2]
    policy = { limit = tonumber(ARGV[set.at + 1]), span = tonumber(span_text), span_text = span_text, rate = tonumber(ARGV[set.at + 3]) }
    -- The block of each key and what it holds by turns.
    found = call('MGET', unpack(KEYS, key, key + 2 * count - 1))
  end
  for i = 1, count do
    local costs, units, left = same or ARGV[arg + i - 1], nil, nil
    if decide_one then
      local cost = same_cost or tonumber(costs)
      if cost and cost > 0 and cost <= policy.limit and not found[2 * i - 1] then
        units, left = decide_one(policy, KEYS[key + 1], has_texts and found[2 * i], cost, costs)
      end
    end
    if is_number then reply[at], reply[at + 1], at = units or -1, left or 0, at + 2 end
    if not units then rest[#rest + 1] = { set = set, costs = costs, behind = key } end
    key = key + step
  end
  if not same then arg = arg + count end
end
if #rest == 0 then return reply end
