-- How units are counted, by the kind of a policy. Put before the scripts that count.
--
-- A policy is `{ kind, limit, span, rate }`; `src/limit/policy` says what they mean, and does the same arithmetic without a server. Each kind has
--   read(key, policy)           the state of a key, or the error of a key that holds something else
--   retry(state, policy, cost)  in ms when so many units fit if nothing else comes: 0 now, -1 never
--   add(state, policy, units)   takes units whatever the limit is, or gives them back where they are negative
--   room(state, policy)         how many units fit now
--   reset(state, policy)        in ms when all of the limit is there again if nothing else comes
--   write(key, state, policy)   stores it, with a TTL
-- Times are whole ms of the server's clock. A kind is made when it is first needed: making a function costs a script more than calling it.

local call, try, tonumber, floor, ceil, max = redis.call, redis.pcall, tonumber, math.floor, math.ceil, math.max

local FIXED, LOG, COUNTER, GCRA = 0, 1, 2, 3

local time = call('TIME')
local NOW = time[1] * 1000 + floor(time[2] / 1000)

local function foreign()
  return { err = 'ERR the key of a limit holds something else' }
end

-- 0: a window that begins with the first unit. The count is a plain integer; the key lives as long as the window.
local function fixed()
  local KIND = {}

  function KIND.read(key, policy)
    local text = try('GET', key)
    if not text then return { used = 0, left = 0 } end
    if type(text) == 'table' then return text end
    local used = string.find(text, '^%d+$') and tonumber(text)
    if not used then return foreign() end
    local left = call('PTTL', key)
    if left == -1 then
      -- Somebody has taken its TTL away, and it would be refused for ever.
      call('PEXPIRE', key, policy.span)
      left = policy.span
    end
    -- In the last millisecond of its life a key is there still, but its window has ended.
    if left <= 0 then return { used = 0, left = 0 } end
    return { used = used, was = used, left = left }
  end

  function KIND.retry(state, policy, cost)
    if state.used + cost <= policy.limit then return 0 end
    if cost > policy.limit then return -1 end
    return state.left
  end

  function KIND.add(state, policy, units)
    state.used = max(0, state.used + units)
    if not state.was then state.left = state.used > 0 and policy.span or 0 end
  end

  function KIND.room(state, policy)
    return max(0, policy.limit - state.used)
  end

  function KIND.reset(state)
    return state.left
  end

  function KIND.write(key, state)
    if state.was then
      if state.used ~= state.was then call('INCRBY', key, state.used - state.was) end
    elseif state.left > 0 then
      call('SET', key, state.used, 'PX', state.left)
    end
  end

  return KIND
end

-- 1: an exact log. A list: how many units had been taken when its first entry was not there yet, then for each entry its time and how many had
-- been taken with it. So units cost no more than one, and the count within the window is a difference.
local function log()
  local KIND = {}

  -- So many elements are looked at in one go.
  local CHUNK = 128

  function KIND.read(key, policy)
    local head = try('LRANGE', key, 0, 2)
    if head.err then return head end
    if #head == 0 then return { base = 0, sum = 0, drop = 0, count = 0 } end
    local tail = call('LRANGE', key, -2, -1)
    local state = { base = tonumber(head[1]), newest = tonumber(tail[1]), sum = tonumber(tail[2]), drop = 0 }
    if #head < 3 or not (state.base and state.newest and state.sum) then return foreign() end
    state.was = state.newest
    local ended = NOW - policy.span
    if tonumber(head[2]) > ended then return state end
    if state.newest <= ended then return { base = 0, sum = 0, drop = 0, is_over = true } end
    local at = 1
    repeat
      local chunk = call('LRANGE', key, at, at + CHUNK - 1)
      for i = 1, #chunk, 2 do
        if tonumber(chunk[i]) > ended then return state end
        state.base, state.drop = tonumber(chunk[i + 1]), state.drop + 2
      end
      at = at + CHUNK
    until #chunk == 0
    return state
  end

  function KIND.retry(state, policy, cost, key)
    local used = state.sum - state.base
    if used + cost <= policy.limit then return 0 end
    if cost > policy.limit then return -1 end
    -- It fits when all units up to this one have left.
    local needed = state.sum + cost - policy.limit
    local at = 1 + state.drop
    while state.was do
      local chunk = call('LRANGE', key, at, at + CHUNK - 1)
      for i = 1, #chunk, 2 do
        if tonumber(chunk[i + 1]) >= needed then return tonumber(chunk[i]) + policy.span - NOW end
      end
      if #chunk == 0 then break end
      at = at + CHUNK
    end
    -- What is taken in this call is not in the list yet.
    return policy.span
  end

  function KIND.add(state, _, units)
    if units > 0 then
      -- Should the clock have gone back, times stay in order.
      state.newest = max(NOW, state.newest or 0)
      state.sum = state.sum + units
    else
      state.back = max(state.base, state.sum + units)
      state.sum = state.back
    end
  end

  function KIND.room(state, policy)
    return max(0, policy.limit - (state.sum - state.base))
  end

  function KIND.reset(state, policy)
    if state.sum == state.base then return 0 end
    return state.newest + policy.span - NOW
  end

  function KIND.write(key, state, policy)
    if state.back then
      if not state.was then return end
      -- The newest leave first.
      while true do
        local tail = call('LRANGE', key, -3, -1)
        local before = tonumber(tail[1])
        if before < state.back then
          if tonumber(tail[3]) > state.back then call('LSET', key, -1, state.back) end
          state.newest = tonumber(tail[2])
          return
        end
        call('RPOP', key)
        call('RPOP', key)
        if call('LLEN', key) == 1 then return call('UNLINK', key) end
      end
    end
    if state.is_over then call('UNLINK', key) end
    if state.drop > 0 then call('LTRIM', key, state.drop, -1) end
    local newest = state.newest
    if state.was == newest then
      call('LSET', key, -1, state.sum)
    elseif state.was then
      call('RPUSH', key, newest, state.sum)
    else
      call('RPUSH', key, 0, newest, state.sum)
    end
    call('PEXPIRE', key, newest + policy.span - NOW)
    state.was, state.drop, state.is_over = newest, 0, nil
  end

  return KIND
end

-- 2: two windows of the clock, of which the one before counts with its share. A string: the number of the window, the units in it, those before.
local function counter()
  local KIND = {}

  function KIND.read(key, policy)
    local text = try('GET', key)
    local which = floor(NOW / policy.span)
    local state = { which = which, current = 0, before = 0, off = NOW - which * policy.span }
    if not text then return state end
    if type(text) == 'table' then return text end
    local last, current, before = string.match(text, '^(%d+) (%d+) (%d+)$')
    if not last then return foreign() end
    last = tonumber(last)
    if last >= which then
      state.current, state.before = tonumber(current), tonumber(before)
    elseif last == which - 1 then
      state.before = tonumber(current)
    end
    return state
  end

  -- The least time into a window at which so many units of the window before leave room for as many others.
  local function fades(before, room, span)
    if before <= room then return 0 end
    return span - floor(room * span / before)
  end

  -- How many whole units the window before counts for. No product with the limit: it would be past what is exact much sooner.
  local function share(state, span)
    return ceil(state.before * (span - state.off) / span)
  end

  function KIND.retry(state, policy, cost)
    local span, room = policy.span, policy.limit - state.current - cost
    if cost > policy.limit then return -1 end
    if room < 0 then return span - state.off + fades(state.current, policy.limit - cost, span) end
    if share(state, span) <= room then return 0 end
    return fades(state.before, room, span) - state.off
  end

  function KIND.add(state, _, units)
    state.current = max(0, state.current + units)
  end

  function KIND.room(state, policy)
    return max(0, policy.limit - state.current - share(state, policy.span))
  end

  function KIND.reset(state, policy)
    if state.current > 0 then return 2 * policy.span - state.off end
    if state.before > 0 then return policy.span - state.off end
    return 0
  end

  function KIND.write(key, state, policy)
    local left = KIND.reset(state, policy)
    if left == 0 then return call('UNLINK', key) end
    call('SET', key, string.format('%.0f %.0f %.0f', state.which, state.current, state.before), 'PX', left)
  end

  return KIND
end

-- 3: a debt that drains by `rate` a ms; a unit costs `span`, so that all is whole. The life of the key is the time until it has drained; where that
-- is no whole number of ms, the value holds what was rounded up.
local function gcra()
  local KIND = {}

  -- In ms: what no key outlives.
  local LONGEST = 2 ^ 46

  function KIND.read(key, policy)
    local left = call('PTTL', key)
    -- A key without a TTL says nothing, and gets one with the next unit.
    if left <= 0 then return { debt = 0, was = left ~= -2 } end
    local debt = left * policy.rate
    if policy.rate ~= 1 then
      local rounded = tonumber(try('GET', key)) or 0
      -- One that is larger is of another rate, and says nothing here.
      if rounded < policy.rate then debt = debt - rounded end
    end
    return { debt = debt, was = true }
  end

  function KIND.retry(state, policy, cost)
    if cost > policy.limit then return -1 end
    local over = state.debt + (cost - policy.limit) * policy.span
    if over <= 0 then return 0 end
    return ceil(over / policy.rate)
  end

  function KIND.add(state, policy, units)
    state.debt = max(0, state.debt + units * policy.span)
  end

  function KIND.room(state, policy)
    return max(0, policy.limit - ceil(state.debt / policy.span))
  end

  function KIND.reset(state, policy)
    return ceil(state.debt / policy.rate)
  end

  function KIND.write(key, state, policy)
    -- No limit takes longer; penalties may.
    state.debt = math.min(state.debt, LONGEST * policy.rate)
    local left = ceil(state.debt / policy.rate)
    if left > 0 then
      local rounded = left * policy.rate - state.debt
      call('SET', key, rounded, 'PX', left)
    elseif state.was then
      call('UNLINK', key)
    end
  end

  return KIND
end

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
