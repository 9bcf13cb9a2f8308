-- The head of a stored entry, as `src/cache/format.rs` writes it. Put before the scripts that need it.
--
--  1- 2  C1 02         the mark, and the version of the format
--  3     codec         0 for a lease without a value
--  4     flags         1 invalidated, 2 negative, 4 wrapped (had no head)
--  5-12  token         of the lease on it; zeros for none, FF.. while loads rest
-- 13-18  until         when that ends, in ms of the server's clock
-- 19-24  life          in ms, in all; 0 for no end
-- 25-30  stale         in ms, the last part of that
-- 31-34  load          in ms, what the load took
-- 35-36  tags          how many; four bytes each follow, then the value

local HEAD = 36
local NOBODY = string.rep('\0', 8)
local RESTING = string.rep('\255', 8)

-- A number of `count` bytes, the highest first.
local function number(text, at, count)
  local sum = 0
  for i = at, at + count - 1 do sum = sum * 256 + string.byte(text, i) end
  return sum
end

local function written(value, count)
  local bytes = {}
  for i = count, 1, -1 do
    bytes[i] = string.char(value % 256)
    value = math.floor(value / 256)
  end
  return table.concat(bytes)
end

local function is_entry(head)
  return #head >= HEAD and string.sub(head, 1, 2) == '\193\2'
end

local function is_lease(head)
  return string.byte(head, 3) == 0
end

local function token_of(head)
  return string.sub(head, 5, 12)
end

-- The first bytes of what is stored, up to `last`; a table where it is no string, and so is not ours. Any other refusal ends the script.
local function head_of(key, last)
  local head = redis.pcall('GETRANGE', key, 0, last)
  if type(head) == 'table' and not string.find(head.err, 'WRONGTYPE', 1, true) then redis.call('GETRANGE', key, 0, last) end
  return head
end

-- Whether somebody's lease on it, or the rest after a failed load, has not ended.
local function is_held(head, now)
  return token_of(head) ~= NOBODY and (is_lease(head) or now < number(head, 13, 6))
end

-- Takes the lease off: a lease alone goes, a value stays.
local function unlease(key, head)
  if is_lease(head) then
    redis.call('UNLINK', key)
  else
    redis.call('SETRANGE', key, 4, NOBODY)
  end
end
