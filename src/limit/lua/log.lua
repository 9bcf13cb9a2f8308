-- 1: an exact log. A list: how many units had been taken when its first entry was not there yet, then for each entry its time and how many had
-- been taken with it. So units cost no more than one, and the count within the window is a difference.
local function log()
  local KIND = {}

  -- So many elements are looked at in one go.
  local CHUNK = 128

  function KIND.read(key, policy)
    local head = try('LRANGE', key, 0, 2)
    if head.err then return head end
    if #head == 0 then return { base = 0, sum = 0, drop = 0 } end
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
