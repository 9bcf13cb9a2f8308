-- Takes units of a key whatever the limits say, or gives them back.
--
-- KEYS      its block, then its key under each policy
-- ARGV[1]   how many units; negative ones are given back, and never more than were taken
-- ARGV[2]   how many policies, then of each its kind, limit, span, rate
-- Reply     {the server's time in ms, and as `decide.lua` has it for a caller who asks for one unit and takes none}
-- Atomic    because another may count between the look and the write.
-- TTL       as in `decide.lua`.

local policies = policies_at(3, tonumber(ARGV[2]))
local states = states_of(policies, 1)
if states.err then return redis.error_reply(states.err) end
for i = 1, #policies do kind_of(policies[i]).add(states[i], policies[i], tonumber(ARGV[1])) end
write_all(policies, states, 1)
local reply = { NOW }
local left = block_left(KEYS[1])
if left > 0 then
  refuse(policies, -1, left, reply, 2)
else
  decide(policies, states, 1, 1, false, reply, 2)
end
return reply
