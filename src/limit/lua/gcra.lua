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
