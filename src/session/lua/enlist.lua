-- Enters a session into the index of its user.
--
-- KEYS[1]   the index
-- ARGV[1]   until when it is to know the session
-- ARGV[2…]  as `admit` of `index.lua` says
-- Reply     {1, names of sessions that have to go …}; {4, names …} and {-3} as `admit` says
-- Atomic    of all who come at once none is one too many
-- TTL       the longest of its sessions

local answer = admit(KEYS[1], tonumber(ARGV[1]), 2)
return answer or with_doomed({ 1 }, KEYS[1])
