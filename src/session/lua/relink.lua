-- Notes that sessions are in another index of their user.
--
-- KEYS      theirs
-- ARGV[1]   the longest life in ms, 0 for any
-- ARGV[2]   the name of the index that they were in
-- ARGV[3]   that of the one that knows them as well now
-- Reply     {1, of each: 1}
-- Atomic    each by itself
-- TTL       stays

local reply = { 1 }
for i, key in ipairs(KEYS) do
  local state, it = look(key, tonumber(ARGV[1]))
  if state == 'live' and it.i == ARGV[2] then redis.call('HSET', key, 'i', ARGV[3]) end
  reply[i + 1] = 1
end
return reply
