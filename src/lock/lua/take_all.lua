-- Takes locks that are free, all or none.
--
-- KEYS      for each lock two: the lock, and its fence
-- ARGV[1]   the TTL in ms
-- ARGV[2]   how long the fences are kept, in ms
-- ARGV[3]   the owner's token
-- Reply     as that of `take.lua` for one lock: the greatest token of all, or the ms until that lock ends which is in the way
-- Atomic    because nobody may come between the look at a lock and the taking of another.
-- TTL       of a lock and of a fence as given.

local what, number = take(1, #KEYS / 2, 2, ARGV[3], ARGV[1], ARGV[2])
return { what, number }
