-- How many hold a lock together, and how many wait.
--
-- KEYS      the holders, the waiters by when they count as dead, the number of permits that was set
-- ARGV[1]   how many permits there are, unless another number was set
-- Reply     {permits or readers that are held, writers, those who wait, how many permits there are}
-- Atomic    because what is told belongs together.
-- TTL       nothing is written.

local alive = '(' .. string.format('%.0f', NOW)
local held, writers = 0, 0
for _, holder in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], alive, '+inf')) do
  if string.sub(holder, 1, 1) == 'w' then writers = writers + 1 else held = held + 1 end
end
local permits = tonumber(redis.call('GET', KEYS[3])) or tonumber(ARGV[1])
return { held, writers, redis.call('ZCOUNT', KEYS[2], alive, '+inf'), permits }
