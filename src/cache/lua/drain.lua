-- Takes keys whose entries are gone off those that an invalidation has set aside, and gives the next ones.
--
-- KEYS[1]   the keys set aside
-- ARGV[1]   how many to give
-- ARGV[2]   which invalidation those of ARGV[3…] were set aside by, as it was told; empty at first
-- ARGV[3…]  keys to take off
-- Reply     {how many, which invalidation set them aside, key…}
-- Atomic    because another invalidation may have ended this one's work meanwhile and have set aside the same keys anew, whose new entries
--           are not gone: theirs must stay.
-- TTL       stays as it is.

local which = redis.call('ZSCORE', KEYS[1], '') or ''
if #ARGV > 2 and ARGV[2] == which then redis.call('ZREM', KEYS[1], unpack(ARGV, 3)) end
local reply = { 0, which }
-- The empty member, which says who it was, is the first.
for _, key in ipairs(redis.call('ZRANGE', KEYS[1], 0, ARGV[1])) do
  if key ~= '' then reply[#reply + 1] = key end
end
reply[1] = #reply - 2
if reply[1] == 0 then redis.call('UNLINK', KEYS[1]) end
return reply
