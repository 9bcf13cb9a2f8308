-- Who holds a lock.
--
-- KEYS[1]   the lock
-- KEYS[2]   its fence
-- Reply     {ms until it ends, -1 for no end, -2 where nobody holds it; its fencing token, 0 for none; the owner's token, where there is one}
-- Atomic    because what is told belongs together.
-- TTL       nothing is written.

local holder = redis.pcall('GET', KEYS[1])
local reply = { redis.call('PTTL', KEYS[1]), tonumber(redis.pcall('GET', KEYS[2])) or 0 }
if type(holder) == 'string' then reply[3] = holder end
return reply
