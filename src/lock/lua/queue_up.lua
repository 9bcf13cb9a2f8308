-- Takes locks, all or none; who cannot stands in line at the one that is in the way.
--
-- KEYS      for each lock four: the lock, its fence, the queue (waiters by their coming), the waiters by when they count as dead
-- ARGV[1]   how long the fences are kept, in ms
-- ARGV[2]   the owner's token
-- ARGV[3]   the TTL in ms
-- ARGV[4]   the waiter, or an empty string for who does not wait
-- ARGV[5]   how long a waiter counts as alive, in ms
-- ARGV[6]   1: nobody is overtaken
-- Reply     as that of `take_all.lua`, 0 and -2 where it is another's turn; then until when the waiter counts as alive, in ms of the server, 0 where he does
--           not stand in line
-- Atomic    because a release between the try and the standing in line would not find him there.
-- TTL       of a lock as given, of a fence ARGV[1], of the queue as long as somebody in it counts as alive.

local waiter, count = ARGV[4], #KEYS / 4
local what, number, place
local alive = 0
local head = ARGV[6] == '1' and first_of(KEYS[3], KEYS[4], 1)[1]
if head and head ~= waiter and holder_of(KEYS[1]) ~= ARGV[2] then
  what, number, place = 0, redis.call('PTTL', KEYS[1]), 1
else
  what, number, place = take(1, count, 4, ARGV[2], ARGV[3], ARGV[1])
end
for i = 1, #KEYS, 4 do
  if waiter == '' then break end
  if i == place then
    alive = stand(KEYS[i + 2], KEYS[i + 3], waiter, tonumber(ARGV[5]))
  elseif leave(KEYS[i + 2], KEYS[i + 3], waiter) and what == 0 and not holder_of(KEYS[i]) then
    -- It may have been called up here, and does not take this one.
    pass_on(i)
  end
end
return { what, number, alive }
