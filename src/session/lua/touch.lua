-- Sees a session, so that it lives on.
--
-- KEYS      the names that its id may have, the present one first
-- ARGV[1]   the longest life in ms, 0 for any
-- ARGV[2]   for how many ms it may go unseen from now on, '' for as many as before
-- ARGV[3]   1 where there is a cookie
-- ARGV[4]   the cookie
-- ARGV[5]   the version that was read, '' for whatever is there
-- Reply     {1, place, i, ends, due}; {0} none, {-1} destroyed, {-2} nothing of ours, {2, name} moved to there
-- Atomic    what is gone by then stays so
-- TTL       ARGV[2]

local absolute = tonumber(ARGV[1])
local state, it, key, place = find(absolute)
if state ~= 'live' then return absent(state, it) end
-- Who has written since then has said how long it lives, and what the cookie is.
local is_known = ARGV[5] == '' or ARGV[5] == it.v
local idle = is_known and tonumber(ARGV[2]) or it.n
local ends, due = see(key, it, idle, absolute)
redis.call('HSET', key, 'l', text(NOW), 'n', text(idle))
if is_known and ARGV[3] == '1' then redis.call('HSET', key, 'c', ARGV[4]) end
return { 1, place, it.i, ends, due }
