-- Locks that one holds: strings with the owner's token. Needs `fence.lua` and `holder.lua`.

-- Takes `count` locks, or none, for `ttl` ms, their fences for `life` ms. The key of each stands `step` behind that of the one before, and that of its fence next to it. Gives 1 and the
-- fencing token; 2 and the token where the owner held them already; 0, the ms until that ends which is in the way, and its place.
local function take(first, count, step, token, ttl, life)
  local last, own = first + (count - 1) * step, 0
  for i = first, last, step do
    local holder = holder_of(KEYS[i])
    if holder == token then
      own = own + 1
    elseif holder then
      return 0, redis.call('PTTL', KEYS[i]), i
    end
  end
  for i = first, last, step do redis.call('SET', KEYS[i], token, 'PX', ttl) end
  if own < count then return 1, next_token(first + 1, count, step, life) end
  return 2, kept_token(first + 1, count, step, life)
end
