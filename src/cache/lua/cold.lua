-- Grants the right to load what is not there, which is asked for most, in one step. Put before all that `lease.lua` needs, whose functions are not even
-- made where it does; the contract is there.

local token, span = ARGV[1], ARGV[2]
-- It ends with its key. The layout is that of `head.lua`.
local lease = '\193\2\0\0' .. token .. string.rep('\0', 24)

if #KEYS == 1 and ARGV[3] == 'miss' then
  local set = redis.pcall('SET', KEYS[1], lease, 'PX', span, 'NX')
  -- Where the server takes no writes, what is there may be given all the same.
  if set and not set.err then return 0 end
end
