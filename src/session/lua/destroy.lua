-- Ends a session for good.
--
-- KEYS      the names that its id may have, the present one first
-- ARGV[1]   the longest life in ms, 0 for any
-- ARGV[2]   how long the tombstone stays, in ms
-- ARGV[3]   a word of this call's own
-- ARGV[4]   1 where a tombstone is left also where there is nothing
-- Reply     {1, place, i, ''} it was there; {0, place, '', name} it was not, and what it has become may be, '' for nothing
-- Atomic    who has read it cannot write it any more
-- TTL       ARGV[2]

local state, it, key, place = find(tonumber(ARGV[1]))
if state == 'gone' then
  if is_buried_by(key, ARGV[3]) then return { 1, place, '', '' } end
  return { 0, place, '', it.to }
end
if state ~= 'none' or ARGV[4] == '1' then bury(key, ARGV[2], ARGV[3]) end
if state == 'live' then return { 1, place, it.i, '' } end
return { 0, place, '', state == 'moved' and it.to or '' }
