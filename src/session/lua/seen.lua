-- When sessions were seen last.
--
-- KEYS      theirs
-- ARGV[1]   the longest life in ms, 0 for any
-- ARGV[2]   the name of the index of the user whose they are to be
-- Reply     {1, of each: ms since the epoch, -1 where it is none, 0 where it is another's}
-- Atomic    each by itself
-- TTL       stays
--
-- One that is nobody's yet is about to be his: the index is told before the session.

local reply = { 1 }
for i, key in ipairs(KEYS) do
  local state, it = look(key, tonumber(ARGV[1]))
  if state ~= 'live' then
    reply[i + 1] = -1
  else
    reply[i + 1] = (it.i == '' or it.i == ARGV[2]) and it.l or 0
  end
end
return reply
