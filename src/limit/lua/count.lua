-- Counts hits of a key, without a limit, in a window that begins with the first.
--
-- KEYS[1]   the count, a plain integer
-- ARGV[1]   how many; negative ones are taken off, but never below 0, and 0 only looks
-- ARGV[2]   how long the window is, in ms
-- Reply     {how many there are, or -1 where there is no window; ms until it ends}
-- Atomic    because a count without an end would never start anew.
-- TTL       ARGV[2] from the first hit. A count that has lost it starts anew.

local units = tonumber(ARGV[1])
local used, left = redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])
if not used or left <= 0 then
  if units <= 0 then return { -1, 0 } end
  redis.call('SET', KEYS[1], units, 'PX', ARGV[2])
  return { units, tonumber(ARGV[2]) }
end
used = tonumber(used) or 0
local total = math.max(0, used + units)
if total ~= used then redis.call('INCRBY', KEYS[1], total - used) end
return { total, left }
