-- Notes that the index of its user knows a session longer than before, so that it may live longer.
--
-- KEYS[1]   the session
-- ARGV[1]   the longest life in ms, 0 for any
-- ARGV[2]   the name of the index
-- ARGV[3]   until when it knows it
-- Reply     {1, ends}; {0} where it is not that user's any more
-- Atomic    what is gone by then stays so
-- TTL       as long as it may go unseen

local key, absolute, score = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[3])
local state, it = look(key, absolute)
if state ~= 'live' or it.i ~= ARGV[2] then return { 0 } end
if score > it.s then
  it.s = score
  redis.call('HSET', key, 's', ARGV[3])
end
-- Since it was seen, which was just now.
local ends = math.min(end_of(it, it.n, absolute), it.l + it.n, it.s)
redis.call('PEXPIREAT', key, text(ends))
return { 1, ends }
