-- A session under another name. Needs `record.lua`.

-- Stores one that is known, as seen now. Gives until when the index of its user is to know it, and when it ends.
local function plant(key, it, absolute)
  it.s = horizon(it, it.n, absolute)
  redis.call('DEL', key)
  redis.call('HSET', key, 'v', it.v, 'd', it.d, 'c', it.c, 'u', it.u, 'i', it.i, 'm', it.m, 't0', text(it.t0), 'l', text(NOW), 'n', text(it.n), 's', text(it.s))
  return it.s, (see(key, it, it.n, absolute))
end
