-- Tombstones and pointers. Needs `record.lua`.

-- Leaves a tombstone for `life` ms, which says who has put it there, so that who asks twice is told the same.
local function bury(key, life, by)
  redis.call('DEL', key)
  redis.call('HSET', key, 'v', 'x', 'k', by)
  redis.call('PEXPIRE', key, life)
end

-- Whether a tombstone is of this call.
local function is_buried_by(key, by)
  return redis.call('HGET', key, 'k') == by
end

-- Leaves a pointer, which is a tombstone when `grace` ms are over, and still says where the session went, so that it can be ended by its old name.
local function point(key, to, grace, life)
  redis.call('DEL', key)
  redis.call('HSET', key, 'v', '>', 'r', to, 'g', text(NOW + grace), 'k', '')
  redis.call('PEXPIRE', key, text(grace + life))
end
