-- Enters the sessions of another index of the same user.
--
-- KEYS[1]   the index
-- ARGV      name, until when it is to be known, negative where it has to go, …
-- Reply     {1}
-- Atomic    what is known already stays as it is
-- TTL       the longest of its sessions

prune(KEYS[1])
for i = 1, #ARGV, 2 do
  if not redis.call('ZSCORE', KEYS[1], ARGV[i]) then enter(KEYS[1], ARGV[i], tonumber(ARGV[i + 1])) end
end
return { 1 }
