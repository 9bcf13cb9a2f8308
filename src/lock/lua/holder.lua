-- Who holds it: a token, `false` for nobody, and no string where the key is something else, which is left alone.
local function holder_of(key)
  return redis.pcall('GET', key)
end
