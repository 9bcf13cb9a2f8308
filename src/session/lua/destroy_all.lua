-- Ends sessions of a user for good.
--
-- KEYS      theirs
-- ARGV[1]   the longest life in ms, 0 for any
-- ARGV[2]   how long the tombstones stay, in ms
-- ARGV[3]   a word of this call's own
-- ARGV[4]   the name of the index of the user whose they are to be
-- Reply     {1, of each: 1 it was there, 0 it was not, 2 it is another's, or the name of what it has become}
-- Atomic    each by itself: who has read it cannot write it any more
-- TTL       ARGV[2]

local reply = { 1 }
for i, key in ipairs(KEYS) do
  local state, it = look(key, tonumber(ARGV[1]))
  local answer = 0
  if state == 'live' and it.i ~= ARGV[4] then
    answer = 2
  elseif state == 'live' then
    bury(key, ARGV[2], ARGV[3])
    answer = 1
  elseif (state == 'moved' or state == 'gone') and it.to ~= '' then
    answer = it.to
  elseif state == 'gone' and is_buried_by(key, ARGV[3]) then
    answer = 1
  end
  reply[i + 1] = answer
end
return reply
