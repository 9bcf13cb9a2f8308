-- Takes units for what is not known yet, and remembers what was taken for as long as that can be settled.
--
-- KEYS      the reservation, the key's block, then its key under each policy
-- ARGV[1]   how many units
-- ARGV[2]   how long it can be settled, in ms
-- ARGV[3]   how many policies, then of each its kind, limit, span, rate
-- Reply     {the server's time in ms, and as `decide.lua` has it}: those of the first call where the reservation is there already
-- Atomic    because a call that is tried again must find what the first one did.
-- TTL       ARGV[2]; as in `decide.lua`.
-- Format    how many policies, the units, for each policy when they were taken or will have left, as `settle.lua` needs it, then the reply; with spaces between.

local policies = policies_at(4, tonumber(ARGV[3]))
local kept = call('GET', KEYS[1])
if kept then
  local numbers = {}
  for number in string.gmatch(kept, '%S+') do numbers[#numbers + 1] = tonumber(number) end
  if numbers[1] ~= #policies then return redis.error_reply('ERR the reservation is of other policies') end
  return { unpack(numbers, 3 + #policies) }
end
local reply = { NOW }
local left = block_left(KEYS[2])
if left > 0 then
  refuse(policies, -1, left, reply, 2)
  return reply
end
local cost, states = tonumber(ARGV[1]), states_of(policies, 2)
if states.err then return redis.error_reply(states.err) end
local _, taken = decide(policies, states, 2, cost, true, reply, 2)
if taken then
  write_all(policies, states, 2)
  local record = { #policies, string.format('%.0f', cost) }
  for i = 1, #policies do
    local kind, state = policies[i].kind, states[i]
    local when = kind == FIXED and NOW + state.left or kind == COUNTER and state.which or kind == GCRA and NOW + kind_of(policies[i]).reset(state, policies[i]) or NOW
    record[#record + 1] = string.format('%.0f', when)
  end
  for i = 1, #reply do record[#record + 1] = string.format('%.0f', reply[i]) end
  call('SET', KEYS[1], table.concat(record, ' '), 'PX', ARGV[2])
end
return reply
