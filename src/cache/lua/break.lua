-- Invalidates those entries among some that carry tags, and breaks the leases on all of them.
--
-- KEYS      the entries
-- ARGV[1]   `delete`, or `expire`: the value stays, and is no longer fresh
-- ARGV[2…]  what stands for each of the tags in an entry, 4 bytes each; an entry must carry all of them
-- Reply     how many were invalidated
-- Atomic    because a value stored between the look and the deletion would go with the old one.
-- TTL       the life of a value that stays is as it was.

-- So many tags are read with the head.
local USUAL = 16

local function carries_all(key, head)
  local count = number(head, 35, 2)
  local tags = string.sub(head, HEAD + 1)
  if count > USUAL then tags = redis.call('GETRANGE', key, HEAD, HEAD + 4 * count - 1) end
  for i = 2, #ARGV do
    local found = false
    for at = 1, 4 * count, 4 do
      if string.sub(tags, at, at + 3) == ARGV[i] then
        found = true
        break
      end
    end
    if not found then return false end
  end
  return true
end

local function invalidate(key)
  local head = head_of(key, HEAD + 4 * USUAL - 1)
  -- What is no string is not ours.
  if type(head) == 'table' or not is_entry(head) then return 0 end
  if is_lease(head) then
    redis.call('UNLINK', key)
    return 0
  end
  if not carries_all(key, head) then
    if token_of(head) ~= NOBODY then redis.call('SETRANGE', key, 4, NOBODY) end
    return 0
  end
  if ARGV[1] == 'delete' then
    redis.call('UNLINK', key)
    return 1
  end
  local flags = string.byte(head, 4)
  redis.call('SETRANGE', key, 3, string.char(flags - flags % 2 + 1) .. NOBODY)
  return 1 - flags % 2
end

local count = 0
for _, key in ipairs(KEYS) do count = count + invalidate(key) end
return count
