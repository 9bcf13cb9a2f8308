-- Stores in as few steps as may be what is stored most: one entry that ends, with one tag and without terms, or without tags for whoever holds the lease
-- alone. What it does not store is left to what stands behind it, whose functions are not even made where nothing is. Put behind `index.lua`, before all
-- that `store.lua` needs; the contract is there.

-- The head of what is there, where it was looked at. The layout is that of `head.lua`.
local seen

do
  local life, is_free, has_terms = ARGV[3], ARGV[4] == '', ARGV[5] == '1'
  if life ~= '' and is_free and not has_terms and #KEYS == 2 and ARGV[1] == '1' then
    local now = clock()
    local till = leaves(now, life + MARGIN)
    local err = enter(KEYS[1], now, till, till, KEYS[2])
    if not err then redis.call('SET', KEYS[2], ARGV[9], 'PX', life) end
    return { err or 1 }
  end
  if life ~= '' and is_free and has_terms and #KEYS == 1 then
    seen = redis.pcall('GETRANGE', KEYS[1], 0, 35)
    if type(seen) == 'table' then
      seen = nil
    elseif #seen == 36 and string.sub(seen, 1, 12) == '\193\2\0\0' .. ARGV[9] then
      redis.call('SET', KEYS[1], ARGV[10], 'PX', life)
      return { 1 }
    end
  end
end

