-- Has the fences of locks that are held know of a token that was given elsewhere.
--
-- KEYS      for each lock two: the lock, and its fence
-- ARGV[1]   the owner's token
-- ARGV[2]   the fencing token
-- ARGV[3]   how long the fences are kept, in ms
-- Reply     {1 where the owner holds all locks, otherwise 0 and nothing is written}
-- Atomic    because a fence that knows of a greater token keeps it.
-- TTL       ARGV[3].

for i = 1, #KEYS, 2 do
  if redis.pcall('GET', KEYS[i]) ~= ARGV[1] then return { 0 } end
end
for i = 2, #KEYS, 2 do
  local last = tonumber(redis.pcall('GET', KEYS[i]))
  if last and last >= tonumber(ARGV[2]) then
    redis.call('PEXPIRE', KEYS[i], ARGV[3])
  else
    redis.call('SET', KEYS[i], ARGV[2], 'PX', ARGV[3])
  end
end
return { 1 }
