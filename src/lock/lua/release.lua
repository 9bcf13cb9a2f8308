-- Releasing locks. Needs `looked.lua` and `pass_on.lua`.

-- Releases locks, each with its fence, its queue and those who wait beside it in `KEYS`, and its owner's token in `ARGV` behind `before` others; takes the waiter, if there is one, out of
-- all queues; passes on what is free. Gives for each lock 1 where the owner held it, 0 where nobody did, -1 where it is another's.
local function release(before, waiter)
  local reply, released, gone, free = {}, {}, {}, {}
  for i, lock in ipairs(locks) do
    local holder, place = holders[i], 4 * i - 3
    if gone[lock] then
      reply[i], holder = 0, true
    elseif holder == ARGV[before + i] then
      reply[i], holder = 1, false
      released[#released + 1] = lock
    else
      -- What is no string is somebody else's.
      holder = holder or redis.call('EXISTS', lock) == 1
      reply[i] = holder and -1 or 0
    end
    -- Once: passed on, it is another's.
    gone[lock] = gone[lock] or not holder
    if is_waited_for then
      if waiter then leave(KEYS[place + 2], KEYS[place + 3], waiter) end
      -- Also where it was held by nobody: who leaves may have been called up in vain.
      if not holder then free[#free + 1] = place end
    end
  end
  if #released > 0 then redis.call('DEL', unpack(released)) end
  for _, place in ipairs(free) do pass_on(place) end
  return reply
end
