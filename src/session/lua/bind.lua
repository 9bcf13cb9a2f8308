-- Says whose a session is, from now on.
--
-- KEYS[1]   the session
-- KEYS[2]   the index of its user; not where it has another slot, and was told before this by `enlist.lua`
-- ARGV[1]   the longest life in ms, 0 for any: it begins again
-- ARGV[2]   the user
-- ARGV[3]   the name of his index
-- ARGV[4]   what is told of the device
-- ARGV[5]   until when the index knows it, '' where it is told by this
-- ARGV[6…]  as `admit` of `index.lua` says
-- Reply     {1, the name of the index that it was in before or '', names of sessions that have to go …}; {4, names …} and {-3} as `admit` says;
--           {0} none, {-1} destroyed, {-2} nothing of ours, {2, name} moved to there
-- Atomic    of all who come at once none is one too many
-- TTL       as long as it may go unseen; that of the index is the longest of its sessions

local key, absolute = KEYS[1], tonumber(ARGV[1])
local state, it = look(key, absolute)
if state ~= 'live' then return absent(state, it) end
local before = it.i
it.t0, it.i, it.s = NOW, ARGV[3], tonumber(ARGV[5])
it.s = it.s or horizon(it, it.n, absolute)
if KEYS[2] then
  local answer = admit(KEYS[2], it.s, 6)
  if answer then return answer end
end
redis.call('HSET', key, 'u', ARGV[2], 'i', it.i, 'm', ARGV[4], 't0', text(NOW), 'l', text(NOW), 's', text(it.s))
see(key, it, it.n, absolute)
local reply = { 1, before }
return KEYS[2] and with_doomed(reply, KEYS[2]) or reply
