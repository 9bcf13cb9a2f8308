-- Has a session lead to its new name, behind `move_in.lua`.
--
-- KEYS[1]   the session
-- ARGV[1]   the longest life in ms, 0 for any
-- ARGV[2]   the version that was read
-- ARGV[3]   the name of the index that was read, '' for none
-- ARGV[4]   the new name
-- ARGV[5]   for how many ms it leads there
-- ARGV[6]   how long the tombstone stays behind that, in ms
-- Reply     {1}; {3} it has changed since it was read; {0} none, {-1} destroyed, {-2} nothing of ours, {2, name} moved to there
-- Atomic    from now on it is known by its new name
-- TTL       ARGV[5] + ARGV[6]
--
-- Sent twice it says the same: the second finds that it leads to the new name.

local state, it = look(KEYS[1], tonumber(ARGV[1]))
if it and it.to == ARGV[4] then return { 1 } end
if state ~= 'live' then return absent(state, it) end
if it.v ~= ARGV[2] or it.i ~= ARGV[3] then return { 3 } end
point(KEYS[1], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]))
return { 1 }
