-- Locks that several may hold: sorted sets of holders, `<kind><token>`, by the ms at which they end. Kinds: p a permit, r a reader, w a writer.
-- Needs `queue.lua`.

-- How long the number of permits is kept that was set, in ms, since it was needed last.
local KEEP = 7 * 24 * 60 * 60 * 1000

local function permits_of(key, otherwise)
  local set = tonumber(redis.call('GET', key))
  if set then redis.call('PEXPIRE', key, KEEP) end
  return set or tonumber(otherwise)
end

-- The readers who stand in front of the first writer, or of `own`; and who that is. Looked at in parts: behind a writer there may be thousands.
local function row(queue, own)
  local PART = 16
  local readers, from = {}, 0
  repeat
    local part = redis.call('ZRANGE', queue, from, from + PART - 1)
    for _, waiter in ipairs(part) do
      if waiter == own or kind_of(waiter) == 'w' then return readers, waiter end
      readers[#readers + 1] = waiter
    end
    from = from + PART
  until #part < PART
  return readers
end

-- Those who are to be called up, now that somebody has gone.
local function next_of(kind, holders, queue, waiting, permits, otherwise)
  if redis.call('ZCARD', queue) == 0 then return {} end
  if kind == 'p' then
    return first_of(queue, waiting, permits_of(permits, otherwise) - redis.call('ZCARD', holders))
  end
  bury(queue, waiting)
  local first = redis.call('ZRANGE', holders, 0, 0)[1]
  if first and string.sub(first, 1, 1) == 'w' then return {} end
  local readers, writer = row(queue)
  if #readers == 0 and not first then return { writer } end
  return readers
end
