-- Decides whether units of many keys are allowed, and takes those that are.
--
-- KEYS      for each key its block, then its key under each policy
-- ARGV[1]   how many sets of policies; then for each of them
--             how many policies, and of each its kind, limit, span, rate
--             how many keys are decided by it, and of each the costs of its callers in the order of their coming, with a comma between two; a
--             negative one takes nothing
-- Reply     {the server's time in ms, then for each caller: allowed 1 or 0, -1 blocked, -2 not a key of ours; and for each policy: units left, ms until
--           the same cost is allowed (0 now, -1 never), ms until all of the limit is there again}
-- Atomic    because all policies of a key count or none does, and two callers must not take the same unit.
-- TTL       every key that is written lives as long as what it counts matters. What is refused writes nothing.

local reply, at = { NOW }, 2

local function tell(allowed, room, retry, reset)
  reply[at], reply[at + 1], reply[at + 2], reply[at + 3] = allowed, room, retry, reset
  at = at + 4
end

-- One caller under one fixed window or one debt, which is the common case, without the tables that the others need. False where more is to be
-- known of the key. A number as an argument costs more than the same as text.
local function count_one(policy, key, text, cost, costs)
  local limit = policy.limit
  if not text then
    -- It may be there all the same, and be no string.
    if not call('SET', key, costs, 'PX', policy.span_text, 'NX') then return false end
    tell(1, limit - cost, 0, policy.span)
    return true
  end
  local used, left = tonumber(text), call('PTTL', key)
  if not used or left <= 0 then return false end
  if used + cost <= limit then
    -- What is no whole number is somebody else's.
    if type(try('INCRBY', key, costs)) == 'table' then return false end
    tell(1, limit - used - cost, 0, left)
  else
    tell(0, max(0, limit - used), left, left)
  end
  return true
end

-- `text` is what the key holds, as `gcra.lua` has it. At a rate of 1 nothing is rounded, and it need not be known.
local function owe_one(policy, key, text, cost)
  local limit, span, rate, left = policy.limit, policy.span, policy.rate, max(0, call('PTTL', key))
  local debt = left * rate
  if rate ~= 1 and left > 0 then
    local rounded = tonumber(text) or 0
    if rounded < rate then debt = debt - rounded end
  end
  local after = debt + cost * span
  if after > limit * span then
    tell(0, max(0, limit - ceil(debt / span)), ceil((after - limit * span) / rate), ceil(debt / rate))
    return true
  end
  local longer = ceil(after / rate)
  -- At a rate of 1 the value is the same, and only its end moves.
  if rate ~= 1 or text ~= '0' or left == 0 or call('PEXPIRE', key, longer) == 0 then
    call('SET', key, longer * rate - after, 'PX', longer)
  end
  tell(1, limit - ceil(after / span), 0, longer)
  return true
end

-- Redis 8.8 counts within a bound by itself (`INCREX`): one call less. Another command of that name may know no bound.
local has_increx
local function increx_one(policy, key, cost, costs)
  -- A key whose window has ended in this very ms would count on.
  local left = call('PTTL', key)
  if left == -1 or left == 0 then return false end
  local counted = try('INCREX', key, 'BYINT', costs, 'UBOUND', policy.limit, 'PX', policy.span_text, 'ENX')
  if counted.err then
    has_increx = string.find(counted.err, '^WRONGTYPE') ~= nil
    return false
  end
  local used, is_counted = tonumber(counted[1]), tonumber(counted[2]) ~= 0
  if left < 0 then left = is_counted and policy.span or 0 end
  tell(is_counted and 1 or 0, max(0, policy.limit - used), is_counted and 0 or left, left)
  return true
end

-- All callers of a key, one after the other.
local function decide_all(policies, behind, costs, is_blocked)
  local left = is_blocked and block_left(KEYS[behind]) or 0
  local states, has_taken = nil, false
  for cost in string.gmatch(costs, '[^,]+') do
    cost = tonumber(cost)
    states = states or left == 0 and states_of(policies, behind)
    if left > 0 then
      at = refuse(policies, -1, left, reply, at)
    elseif states.err then
      at = refuse(policies, -2, 0, reply, at)
    else
      local takes
      at, takes = decide(policies, states, behind, math.abs(cost), cost > 0, reply, at)
      has_taken = has_taken or takes
    end
  end
  if has_taken then write_all(policies, states, behind) end
end

local sets, key, arg = {}, 1, 2
-- What is read of all keys in one go: their blocks, and where there is one set, so that no key comes twice, what those of one policy hold.
local wanted, size = {}, 0
for i = 1, tonumber(ARGV[1]) do
  local policies = policies_at(arg + 1, tonumber(ARGV[arg]))
  local one, step = #policies == 1 and policies[1], 1 + #policies
  arg = arg + 1 + 4 * #policies
  local set = { policies = policies, one = one, from = arg, count = tonumber(ARGV[arg]) }
  if one then one.span_text = ARGV[arg - 2] end
  if one and one.kind == FIXED then
    if has_increx == nil then
      local info = try('COMMAND', 'INFO', 'INCREX')
      has_increx = not info.err and type(info[1]) == 'table'
    end
  end
  set.has_texts = one and ARGV[1] == '1' and (one.kind == GCRA or one.kind == FIXED and not has_increx)
  set.owes = one and one.kind == GCRA and (one.rate == 1 or set.has_texts)
  for _ = 1, set.count do
    wanted[size + 1], size = KEYS[key], size + 1
    if set.has_texts then
      wanted[size + 1], size = KEYS[key + 1], size + 1
    end
    key = key + step
  end
  sets[i], arg = set, arg + 1 + set.count
end
local found = call('MGET', unpack(wanted))

local behind, which = 1, 1
for _, set in ipairs(sets) do
  local policies, one, owes, has_texts = set.policies, set.one, set.owes, set.has_texts
  local step, read = 1 + #policies, has_texts and 2 or 1
  for i = 1, set.count do
    local costs, is_done = ARGV[set.from + i], false
    local cost = one and not found[which] and tonumber(costs)
    if cost and cost > 0 and cost <= one.limit then
      if owes then
        is_done = owe_one(one, KEYS[behind + 1], has_texts and found[which + 1], cost)
      elseif has_texts then
        is_done = count_one(one, KEYS[behind + 1], found[which + 1], cost, costs)
      elseif has_increx and one.kind == FIXED then
        is_done = increx_one(one, KEYS[behind + 1], cost, costs)
      end
    end
    if not is_done then decide_all(policies, behind, costs, found[which]) end
    behind, which = behind + step, which + read
  end
end
return reply
