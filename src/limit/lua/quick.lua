-- Decides in as few steps as may be what is asked for most: that one caller of a key may take units, under one policy whose state is one number. What
-- it does not allow is left to what stands behind it, whose functions are not even made where nothing is. Put behind `kinds.lua`, before all that
-- `decide.lua` needs; the contract is there.
--
-- What costs most beside commands is to make numbers of text and text of numbers: `+ 0` does it for half of what `tonumber` takes, `%d` for half of what
-- the server takes, and what is the same for all keys is made once. There are no functions, which would have to be made for each call.

local format = string.format
-- The two kinds whose state is one number, as ARGV has them.
local WINDOW, DEBT = '0', '3'
-- Not every Lua has longer numbers for `%d`.
local LONG = 2 ^ 31

local reply, at

-- What is left: for each key its set, its costs, and where its block is in KEYS. A set is where its policies are in ARGV, and how many.
local rest = {}

-- Redis 8.8 counts within a bound by itself (`INCREX`): one call less. Another command of that name may know no bound, and asking takes time, too.
local has_increx
if (redis.REDIS_VERSION_NUM or 0) < 0x080800 then has_increx = false end

local key, arg = 1, 2
for _ = 1, ARGV[1] + 0 do
  local set = { at = arg + 1, count = ARGV[arg] + 0 }
  arg = arg + 1 + 4 * set.count
  local count, costs, step = ARGV[arg] + 0, ARGV[arg + 1], 1 + set.count
  arg = arg + 2
  local is_same = costs ~= ''
  local kind = step == 2 and ARGV[set.at]
  local is_number = kind == WINDOW or kind == DEBT
  -- The block of each key and what it holds by turns. Behind what is left, nothing of the same key may be decided before it.
  local found = is_number and #rest == 0 and call('MGET', unpack(KEYS, key, key + 2 * count - 1))
  local limit, span, rate, cost, bound
  if found then
    limit, span = ARGV[set.at + 1] + 0, ARGV[set.at + 2]
    if kind == DEBT then
      span, rate = span + 0, ARGV[set.at + 3] + 0
    elseif has_increx == nil then
      local info = try('COMMAND', 'INFO', 'INCREX')
      has_increx = not info.err and type(info[1]) == 'table'
    end
  end
  -- What has been found is read before its place is needed.
  if not reply then reply, at = found or {}, 1 end

  for i = 1, count do
    if not is_same then costs = ARGV[arg + i - 1] end
    local units, left
    if found then
      local is_blocked, text, name = found[2 * i - 1], found[2 * i], KEYS[key + 1]
      if i == 1 or not is_same then
        cost = costs == '1' and 1 or tonumber(costs)
        if cost and (cost <= 0 or cost > limit) then cost = nil end
        -- What is there already must be less, as the server writes numbers.
        bound = cost == 1 and ARGV[set.at + 1] or cost and format('%.0f', limit - cost + 1)
      end
      if is_blocked or not cost then
        -- It is looked at more closely.
      elseif kind == DEBT then
        local debt = 0
        if text then
          left = call('PTTL', name)
          if left > 0 then
            debt = left * rate
            if rate ~= 1 then
              local rounded = tonumber(text) or 0
              if rounded < rate then debt = debt - rounded end
            end
          end
        end
        -- At a rate of 1 nothing is rounded.
        local after = debt + cost * span
        if after <= limit * span then
          left = ceil(after / rate)
          local life, rounded = left, left * rate - after
          if life < LONG then life = format('%d', life) end
          if rounded < LONG then rounded = format('%d', rounded) end
          -- The value is the same then, and only its end moves. A key that has none may be there all the same, and be no string.
          if rate == 1 and text == '0' and debt > 0 and call('PEXPIRE', name, life) == 1
            or call('SET', name, rounded, 'PX', life, text and 'XX' or 'NX') then
            units = limit - ceil(after / span)
          end
        end
      elseif has_increx then
        -- A key whose window has ended in this very ms would count on.
        left = call('PTTL', name)
        if left ~= -1 and left ~= 0 then
          local counted = try('INCREX', name, 'BYINT', costs, 'UBOUND', limit, 'PX', span, 'ENX')
          if counted.err then
            has_increx = string.find(counted.err, '^WRONGTYPE') ~= nil
          elseif tonumber(counted[2]) ~= 0 then
            units = limit - tonumber(counted[1])
            if left < 0 then left = span + 0 end
          end
        end
      elseif not text then
        -- It may be there all the same, and be no string.
        if call('SET', name, costs, 'PX', span, 'NX') then units, left = limit - cost, span + 0 end
      elseif #text < #bound or (#text == #bound and text < bound) then
        left = call('PTTL', name)
        -- What is no whole number is somebody else's.
        local used = left > 0 and try('INCRBY', name, costs)
        if type(used) == 'number' then units = limit - used end
      end
    end
    if is_number then reply[at], reply[at + 1], at = units or -1, units and left or 0, at + 2 end
    if not units then rest[#rest + 1] = { set = set, costs = costs, behind = key } end
    key = key + step
  end
  if not is_same then arg = arg + count end
end
if #rest == 0 then
  reply[at] = NOW
  return reply
end
