-- Keeps locks, each for itself.
--
-- KEYS      for each lock two: the lock, and its fence
-- ARGV[1]   1: what nobody holds is taken, for an owner who holds most of several servers
-- ARGV[2]   the TTL in ms, from now on
-- ARGV[3]   how long the fences are kept, in ms
-- ARGV[4…]  for each lock the owner's token
-- Reply     for each lock an integer: 1 where it is kept, 0 where nobody held it, -1 where it is another's
-- Atomic    because a lock that has ended may be another's by now.
-- TTL       of a lock and of a fence as given.

local reply = {}
for i = 1, #KEYS / 2 do
  local lock, token = KEYS[2 * i - 1], ARGV[i + 3]
  local holder = holder_of(lock)
  if holder == token then
    -- Not by `SET`: that is refused when the memory is full.
    redis.call('PEXPIRE', lock, ARGV[2])
    reply[i] = 1
  elseif not holder and ARGV[1] == '1' then
    redis.call('SET', lock, token, 'PX', ARGV[2])
    reply[i] = 1
  else
    reply[i] = holder and -1 or 0
  end
  if reply[i] == 1 then redis.call('PEXPIRE', KEYS[2 * i], ARGV[3]) end
end
return reply
