-- Makes a session of a user under an id that nobody knows yet.
--
-- KEYS[1]   the session
-- KEYS[2]   the index of its user; not where it has another slot, and is told behind this by `enlist.lua`
-- ARGV[1]   the longest life in ms, 0 for any
-- ARGV[2]   the version
-- ARGV[3]   for how many ms it may go unseen
-- ARGV[4]   the data
-- ARGV[5]   the user
-- ARGV[6]   the name of his index
-- ARGV[7]   what is told of the device
-- ARGV[8…]  as `admit` of `index.lua` says
-- Reply     {1, t0, ends, until when the index knows it, names of sessions that have to go …}; {4, names …} and {-3} as `admit` says
-- Atomic    of all who come at once none is one too many
-- TTL       ARGV[3]; that of the index is the longest of its sessions

local absolute, idle = tonumber(ARGV[1]), tonumber(ARGV[3])
local score = horizon({ t0 = NOW }, idle, absolute)
local ends = make(KEYS[1], ARGV[2], idle, absolute, 'd', ARGV[4], 'c', '', 'u', ARGV[5], 'i', ARGV[6], 'm', ARGV[7], 's', text(score))
local answer = KEYS[2] and admit(KEYS[2], score, 8)
if answer then
  redis.call('DEL', KEYS[1])
  return answer
end
local reply = { 1, NOW, ends, score }
return KEYS[2] and with_doomed(reply, KEYS[2]) or reply
