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
