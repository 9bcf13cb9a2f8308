-- Releases what all its owners hold and nobody waits for, which is asked for most, before the functions are made that the rest needs. Needs `looked.lua`; the contract is that of
-- `free.lua`.

if not is_waited_for then
  local reply, seen = {}, {}
  for i, lock in ipairs(locks) do
    if holders[i] ~= ARGV[i] or seen[lock] then break end
    reply[i], seen[lock] = 1, true
  end
  if #reply == #locks then
    redis.call('DEL', unpack(locks))
    return reply
  end
end

