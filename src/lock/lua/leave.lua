-- Releases what a waiter may have taken, takes him out of the queues, and passes on what is free.
--
-- KEYS      as those of `free.lua`
-- ARGV[1]   the waiter
-- ARGV[2…]  for each lock the owner's token
-- Reply     as that of `free.lua`
-- Atomic    because he may have been called up, and whoever is next must be in his place.
-- TTL       as that of `free.lua`.

return release(1, ARGV[1])
