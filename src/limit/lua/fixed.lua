-- 0: a window that begins with the first unit. The count is a plain integer; the key lives as long as the window.
local function fixed()
  local KIND = {}

  function KIND.read(key, policy)
    local text = try('GET', key)
    if not text then return { used = 0, left = 0 } end
    if type(text) == 'table' then return text end
    -- As the server writes numbers: it counts nothing else.
    local used = (text == '0' or string.find(text, '^[1-9]%d*$')) and tonumber(text)
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
