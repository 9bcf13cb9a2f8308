-- Releases locks, and passes them on.
--
-- KEYS      for each lock four: the lock, its fence, the queue (waiters by their coming), the waiters by when they count as dead
-- ARGV      for each lock the owner's token
-- Reply     for each lock an integer: 1 where the owner held it, 0 where nobody did, -1 where it is another's
-- Atomic    because a lock that has ended may be another's by now.
-- TTL       as `pass_on.lua` says: of a lock until its taker would have counted as dead, of its fence as long as he said.

return release(0)
