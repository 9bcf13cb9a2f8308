-- Reads a session.
--
-- KEYS      the names that its id may have, the present one first
-- ARGV[1]   the longest life in ms, 0 for any
-- ARGV[2]   1 where it is seen by that, so that it lives on
-- Reply     {1, place, v, d, c, u, i, m, t0, l, n, ends, due}; {0} none, {-1} destroyed, {-2} nothing of ours, {2, name} moved to there
-- Atomic    who reads what is there keeps that alive, and nothing else
-- TTL       as long as it may go unseen

local absolute = tonumber(ARGV[1])
local state, it, key, place = find(absolute)
if state ~= 'live' then return absent(state, it) end
if ARGV[2] ~= '1' then return told(1, it, place, end_now(key, it), 0) end
it.l = NOW
local ends, due = see(key, it, it.n, absolute)
redis.call('HSET', key, 'l', text(NOW))
return told(1, it, place, ends, due)
