-- Gives leases back without values.
--
-- KEYS      the entries
-- ARGV[1]   the token
-- ARGV[2]   how long nobody is to load them again where a value is there, in ms; 0 for not at all
-- Reply     on how many the token held the lease
-- Atomic    because between the look and the write another could be granted it.
-- TTL       the life of a value stays as it is.

local rest = tonumber(ARGV[2])
local resting

local function give_back(key)
  local head = head_of(key, HEAD - 1)
  -- What is no string is not ours.
  if type(head) == 'table' or not is_entry(head) or token_of(head) ~= ARGV[1] then return 0 end
  if is_lease(head) then
    redis.call('UNLINK', key)
  elseif math.floor(string.byte(head, 4) / 4) % 2 == 1 then
    -- As it was before it was wrapped.
    local codec = string.sub(head, 3, 3)
    local before = codec == '\3' and '' or '\193\1' .. codec
    redis.call('SET', key, before .. redis.call('GETRANGE', key, HEAD, -1), 'KEEPTTL')
  elseif rest > 0 then
    resting = resting or RESTING .. written(clock() + rest, 6)
    redis.call('SETRANGE', key, 4, resting)
  else
    redis.call('SETRANGE', key, 4, NOBODY)
  end
  return 1
end

local count = 0
for _, key in ipairs(KEYS) do count = count + give_back(key) end
return count
