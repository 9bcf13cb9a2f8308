-- Releases locks, and calls up who is next.
--
-- KEYS      for each lock three: the lock, the queue, the waiters by when they count as dead
-- ARGV      for each lock the owner's token
-- Reply     for each lock an integer: 1 where the owner held it, 0 where nobody did, -1 where it is another's
-- Atomic    because a lock that has ended may be another's by now.
-- TTL       nothing is written that stays.

return release(0)
