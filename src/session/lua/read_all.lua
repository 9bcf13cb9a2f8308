-- Reads many sessions.
--
-- KEYS      theirs
-- ARGV[1]   the longest life in ms, 0 for any
-- ARGV[2]   the name of the index of the user whose they are to be, '' for anybody's
-- Reply     {1, of each: {1, 1, v, d, …} as `read.lua`, {0} none, {-2} nothing of ours, {2} another's}
-- Atomic    each by itself
-- TTL       stays

local reply = { 1 }
for i, key in ipairs(KEYS) do
  local state, it = look(key, tonumber(ARGV[1]))
  if state ~= 'live' then
    reply[i + 1] = { state == 'bad' and -2 or 0 }
  elseif ARGV[2] ~= '' and it.i ~= ARGV[2] then
    reply[i + 1] = { 2 }
  else
    reply[i + 1] = told(1, it, 1, end_now(key, it), 0)
  end
end
return reply
