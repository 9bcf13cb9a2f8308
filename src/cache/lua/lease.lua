-- Grants the right to load, to one caller a key.
--
-- KEYS      the entries
-- ARGV[1]   the caller's token, 8 bytes
-- ARGV[2]   how long the lease lasts, in ms
-- ARGV[3]   `miss`: there should be no fresh value; `stale`: nor should there, and what is there is known; `refresh`: whatever is there is to
--           be replaced; `force`: the same, and whoever holds a lease loses it
-- Reply     for each key {what, value, PTTL}; value and PTTL only for `miss`. A grant of a single key that was not there is 0 alone
--             0 granted, 1 a fresh value is there, 2 another holds the lease, 3 loads rest after a failed one, 4 not ours to lease
-- Atomic    because between the look and the grant another could be granted it too.
-- Again     a token that holds the lease is granted it again, so the call may be sent twice.
-- TTL       a lease alone ends by itself; a lease on a value changes nothing of its life.

local GRANTED, FRESH, BUSY, REST, FOREIGN = 0, 1, 2, 3, 4
-- Granted, and there is nothing to be given.
local COLD = -1
local mode = ARGV[3]
local spares_fresh = mode == 'miss' or mode == 'stale'

local function lease_alone(key)
  redis.call('SET', key, lease, 'PX', span)
end

local known
local function now()
  known = known or clock()
  return known
end

-- A value without a head gets one, so that there is room for the token.
local function wrap(key, codec, from)
  local value = redis.call('GETRANGE', key, from, -1)
  local held = token .. written(now() + span, 6) .. string.rep('\0', HEAD - 18)
  redis.call('SET', key, '\193\2' .. codec .. '\4' .. held .. value, 'KEEPTTL')
end

local function is_fresh(key, head)
  if string.byte(head, 4) % 2 == 1 then return false end
  local stale = number(head, 25, 6)
  if stale == 0 then return true end
  local left = redis.call('PTTL', key)
  return left < 0 or left > stale
end

-- Whether a later version wrote it: under another version of the format, or with a codec that is none here.
local function is_strange(head)
  local mark, version, codec = string.byte(head, 1, 3)
  if mark ~= 193 then return false end
  if version == 1 then return codec ~= 1 and codec ~= 2 end
  if not is_entry(head) then return true end
  codec = codec % 128
  return codec > 4 and (codec < 64 or codec > 95)
end

local function decide(key)
  local head = head_of(key, HEAD - 1)
  -- What is no string is not ours.
  if type(head) == 'table' then return FOREIGN end
  -- Of what is there as an empty string this says nothing.
  if head == '' and redis.call('SET', key, lease, 'PX', span, 'NX') then return COLD end
  if is_strange(head) then return FOREIGN end
  if not is_entry(head) then
    if spares_fresh then return FRESH end
    if string.byte(head, 1) == 193 then
      wrap(key, string.sub(head, 3, 3), 3)
    else
      wrap(key, '\3', 0)
    end
    return GRANTED
  end
  if spares_fresh and not is_lease(head) and is_fresh(key, head) then return FRESH end
  if token_of(head) == token then return GRANTED end
  if mode ~= 'force' and is_held(head, now()) then
    if token_of(head) == RESTING then return REST end
    return BUSY
  end
  if is_lease(head) then
    lease_alone(key)
  else
    redis.call('SETRANGE', key, 4, token .. written(now() + span, 6))
  end
  return GRANTED
end

local replies = {}
for i, key in ipairs(KEYS) do
  local what = decide(key)
  if what == COLD then
    replies[i] = { GRANTED }
  elseif mode == 'miss' and what ~= FOREIGN then
    replies[i] = { what, redis.call('GET', key), redis.call('PTTL', key) }
  else
    replies[i] = { what }
  end
end
return replies
