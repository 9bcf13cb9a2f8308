-- Corrects what a reservation has taken.
--
-- KEYS      the reservation, then the key under each policy
-- ARGV[1]   how many units it came to
-- ARGV[2]   how many policies, then of each its kind, limit, span, rate
-- Reply     {1}, or {0} where the reservation is not there any more: settled, or too late
-- Atomic    because it must count once, whoever calls it and however often.
-- TTL       as in `decide.lua`.

local policies = policies_at(3, tonumber(ARGV[2]))
local kept = call('GET', KEYS[1])
if not kept then return { 0 } end
local record = {}
for number in string.gmatch(kept, '%S+') do record[#record + 1] = tonumber(number) end
if record[1] ~= #policies then return redis.error_reply('ERR the reservation is of other policies') end
local more = tonumber(ARGV[1]) - record[2]

-- How many of so many units count still, so that they can be given back. What has left a window by itself cannot be given back to another one,
-- and what has drained not to what came later.
local function counts(policy, state, when, units)
  if policy.kind == GCRA then return math.min(units, max(0, floor((when - NOW) * policy.rate / policy.span))) end
  local is_there
  if policy.kind == FIXED then
    -- Its end may have been written down a ms late.
    is_there = state.left > 0 and math.abs(NOW + state.left - when) < policy.span / 2
  elseif policy.kind == LOG then
    is_there = NOW < when + policy.span
  else
    is_there = state.which == when
  end
  return is_there and units or 0
end

for i = 1, #policies do
  local policy = policies[i]
  local state = kind_of(policy).read(KEYS[1 + i], policy)
  local units = more
  if not state.err and more < 0 then units = -counts(policy, state, record[2 + i], -more) end
  if not state.err and units ~= 0 then
    kind_of(policy).add(state, policy, units)
    kind_of(policy).write(KEYS[1 + i], state, policy)
  end
end
call('UNLINK', KEYS[1])
return { 1 }
