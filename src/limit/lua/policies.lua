-- Policies, and decisions by several of them. Put behind the kinds, before the scripts that count.

local MAKE, KINDS = { fixed, log, counter, gcra }, {}

-- How a policy counts.
local function kind_of(policy)
  local which = policy.kind + 1
  KINDS[which] = KINDS[which] or MAKE[which]()
  return KINDS[which]
end

-- The policies that ARGV has from a place on, of `count`.
local function policies_at(at, count)
  local policies = {}
  for i = 1, count do
    policies[i] = { kind = tonumber(ARGV[at]), limit = tonumber(ARGV[at + 1]), span = tonumber(ARGV[at + 2]), rate = tonumber(ARGV[at + 3]) }
    at = at + 4
  end
  return policies
end

-- The states of a key under each of its policies, whose keys are in KEYS behind a place; or an error.
local function states_of(policies, behind)
  local states = {}
  for i = 1, #policies do
    local state = kind_of(policies[i]).read(KEYS[behind + i], policies[i])
    if state.err then
      -- What the server refuses to everybody must not be taken for a key of somebody else's.
      if not string.find(state.err, '^WRONGTYPE') and not string.find(state.err, '^ERR the key') then error(state) end
      return state
    end
    states[i] = state
  end
  return states
end

local function write_all(policies, states, behind)
  for i = 1, #policies do kind_of(policies[i]).write(KEYS[behind + i], states[i], policies[i]) end
end

-- One decision, as it stands in the reply from `at` on: 1 where all policies allow so many units, else 0; then for each what is left, when it
-- would allow them, and when it is full again. Units are taken where all allow them and they are to be. Gives the next place, and whether it did.
local function decide(policies, states, behind, cost, takes, reply, at)
  local count, allowed = #policies, 1
  for i = 1, count do
    local retry = kind_of(policies[i]).retry(states[i], policies[i], cost, KEYS[behind + i])
    if retry ~= 0 then allowed = 0 end
    reply[at + 3 * i - 1] = retry
  end
  takes = takes and allowed == 1
  reply[at] = allowed
  for i = 1, count do
    local policy, state, kind = policies[i], states[i], kind_of(policies[i])
    if takes then kind.add(state, policy, cost) end
    reply[at + 3 * i - 2] = kind.room(state, policy)
    reply[at + 3 * i] = kind.reset(state, policy)
  end
  return at + 3 * count + 1, takes
end

-- As `decide`, of a key that is not to be asked: -1 where it is blocked for so many ms, -2 where it holds something else.
local function refuse(policies, why, left, reply, at)
  reply[at] = why
  for i = 1, #policies do
    reply[at + 3 * i - 2], reply[at + 3 * i - 1], reply[at + 3 * i] = 0, left, left
  end
  return at + 3 * #policies + 1
end

-- How long a key is blocked, in ms.
local function block_left(key)
  return max(0, call('PTTL', key))
end
