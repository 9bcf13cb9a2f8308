-- Which sessions live.
--
-- KEYS      theirs
-- ARGV[1]   the longest life in ms, 0 for any
-- Reply     {1, of each: 1 where it does, else 0}
-- Atomic    each by itself
-- TTL       stays

local reply = { 1 }
for i, key in ipairs(KEYS) do reply[i + 1] = look(key, tonumber(ARGV[1])) == 'live' and 1 or 0 end
return reply
