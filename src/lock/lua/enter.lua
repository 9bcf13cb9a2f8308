-- Takes a place among those who may hold a lock together; who cannot stands in line.
--
-- KEYS      the holders, the fence, the queue, the waiters by when they count as dead, the number of permits that was set
-- ARGV[1]   the kind: p a permit, r a reader, w a writer
-- ARGV[2]   how many permits there are, unless another number was set
-- ARGV[3]   the owner's token
-- ARGV[4]   the TTL in ms
-- ARGV[5]   how long the fence is kept, in ms
-- ARGV[6]   the waiter, or an empty string for who does not wait
-- ARGV[7]   how long a waiter counts as alive, in ms
-- ARGV[8]   1: nobody is overtaken. Readers and writers never overtake
-- Reply     two integers: 1 and the fencing token; 2 and the last token where the owner held the place already; 0 and the ms until the first
--           place ends, -2 where it is another's turn
-- Atomic    because two must not get the last place, and a release between the try and the standing in line would call up nobody.
-- TTL       of the holders the longest of theirs, of the fence ARGV[5], of the queue as long as somebody in it counts as alive.

local holders, fence, queue, waiting, permits = KEYS[1], 2, KEYS[3], KEYS[4], KEYS[5]
local kind, ttl, waiter = ARGV[1], tonumber(ARGV[4]), ARGV[6]
local own = kind .. ARGV[3]

local function may_enter()
  if kind == 'p' then
    local free = permits_of(permits, ARGV[2]) - redis.call('ZCARD', holders)
    if free < 1 or ARGV[8] ~= '1' then return free > 0 end
    bury(queue, waiting)
    return (redis.call('ZRANK', queue, waiter) or redis.call('ZCARD', queue)) < free
  end
  local first = redis.call('ZRANGE', holders, 0, 0)[1]
  if first and (kind == 'w' or string.sub(first, 1, 1) == 'w') then return false end
  if redis.call('ZCARD', queue) == 0 then return true end
  bury(queue, waiting)
  local readers, ahead = row(queue, waiter)
  return (kind == 'r' or #readers == 0) and (ahead == nil or ahead == waiter)
end

redis.call('ZREMRANGEBYSCORE', holders, '-inf', NOW)
local held = redis.call('ZSCORE', holders, own)
if not held and not may_enter() then
  if waiter ~= '' then stand(queue, waiting, waiter, tonumber(ARGV[7])) end
  local first = redis.call('ZRANGE', holders, 0, 0, 'WITHSCORES')[2]
  return { 0, first and math.max(1, tonumber(first) - NOW) or -2 }
end
redis.call('ZADD', holders, NOW + ttl, own)
if redis.call('PTTL', holders) < ttl then redis.call('PEXPIRE', holders, ttl) end
if waiter ~= '' then leave(queue, waiting, waiter) end
if held then return { 2, kept_token(fence, 1, 1, ARGV[5]) } end
return { 1, next_token(fence, 1, 1, ARGV[5]) }
