-- Takes locks that are free, each for itself.
--
-- KEYS      for each lock two: the lock, and its fence
-- ARGV[1]   the TTL in ms
-- ARGV[2]   how long the fences are kept, in ms
-- ARGV[3…]  for each lock the owner's token
-- Reply     for each lock two integers: 1 and the fencing token; 2 and the token where the owner held it already; 0 and the ms until it ends, -1
--           where it has no end
-- Atomic    because nobody may come between the taking of a lock and the giving of its token.
-- TTL       of a lock and of a fence as given.

local reply, fences, places = {}, {}, {}
for i = 1, #KEYS / 2 do
  local lock, token = KEYS[2 * i - 1], ARGV[i + 2]
  if redis.call('SET', lock, token, 'NX', 'PX', ARGV[1]) then
    -- The fences of those that were just taken are looked at together.
    fences[#fences + 1], places[#places + 1] = KEYS[2 * i], 2 * i
    reply[2 * i - 1], reply[2 * i] = 1, 0
  else
    reply[2 * i - 1], reply[2 * i] = take(2 * i - 1, 1, 2, token, ARGV[1], ARGV[2])
  end
end
if #fences > 0 then
  for i, last in ipairs(redis.call('MGET', unpack(fences))) do
    local token, text = token_after(last)
    redis.call('SET', fences[i], text, 'PX', ARGV[2])
    reply[places[i]] = token
  end
end
return reply
