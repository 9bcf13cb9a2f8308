-- The names of the sessions of a user, those that have to go among them.
--
-- KEYS[1]   the index
-- Reply     {1, name, score …}
-- Atomic    what is over is not told
-- TTL       stays

prune(KEYS[1])
local reply = redis.call('ZRANGE', KEYS[1], '0', '-1', 'WITHSCORES')
table.insert(reply, 1, 1)
return reply
