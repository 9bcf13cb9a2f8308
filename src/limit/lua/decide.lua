-- Decides whether units of many keys are allowed, and takes those that are.
--
-- KEYS      for each key its block, then its key under each policy
-- ARGV[1]   how many sets of policies; then for each of them
--             how many policies, and of each its kind, limit, span, rate
--             how many keys are decided by it, at least one
--             the costs that all keys have; or an empty text, and then the costs of each key. They are those of its callers, at least one, in the order
--             of their coming, with a comma between two; a negative one takes nothing
-- Reply     for each key under one policy that is a fixed window or a debt, two numbers: the units left and the ms until all of the limit is
--           there again where its one caller is allowed what he asks for, or -1 and 0;
--           then for each other key, and each of which that says -1, of each caller: allowed 1 or 0, -1 blocked, -2 not a key of ours; and for each
--           policy: units left, ms until the same cost is allowed (0 now, -1 never), ms until all of the limit is there again;
--           then the server's time in ms
-- Atomic    because all policies of a key count or none does, and two callers must not take the same unit.
-- TTL       every key that is written lives as long as what it counts matters. What is refused writes nothing.

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

local blocks = {}
for i, one in ipairs(rest) do blocks[i] = KEYS[one.behind] end
local found = call('MGET', unpack(blocks))
for i, one in ipairs(rest) do
  local set = one.set
  set.policies = set.policies or policies_at(set.at, set.count)
  decide_all(set.policies, one.behind, one.costs, found[i])
end
reply[at] = NOW
return reply
