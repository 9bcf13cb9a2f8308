-- Stores a session under a name that nobody knows yet, before `move_out.lua` leads there: `rotate.lua` where the two have slots of their own.
--
-- KEYS[1]   what it becomes
-- ARGV[1]   the longest life in ms, 0 for any
-- ARGV[2…9] v, d, c, u, i, m, t0, n
-- Reply     {1, now, until when the index of its user is to know it, ends}
-- Atomic    alone
-- TTL       as long as it may go unseen

local it = { v = ARGV[2], d = ARGV[3], c = ARGV[4], u = ARGV[5], i = ARGV[6], m = ARGV[7], t0 = tonumber(ARGV[8]), n = tonumber(ARGV[9]) }
return { 1, NOW, plant(KEYS[1], it, tonumber(ARGV[1])) }
