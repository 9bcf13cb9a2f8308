-- Releases what a waiter may have taken, takes him out of the queues, and calls up who is next.
--
-- KEYS      as those of `free.lua`
-- ARGV[1]   the waiter
-- ARGV[2…]  for each lock the owner's token
-- Reply     as that of `free.lua`
-- Atomic    because he may have been called up, and whoever is next must be in his place.
-- TTL       nothing is written that stays.

return release(1, ARGV[1])
