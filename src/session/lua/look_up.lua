-- What another store has under its keys.
--
-- KEYS      theirs
-- Reply     {1, of each: {1, the text, ends}, {0} where it has none, or it is no text}
-- Atomic    each by itself
-- TTL       stays; what has no end is told to end now

local reply = { 1 }
for i, key in ipairs(KEYS) do
  local found = redis.pcall('GET', key)
  if type(found) == 'string' then
    reply[i + 1] = { 1, found, NOW + math.max(0, redis.call('PTTL', key)) }
  else
    reply[i + 1] = { 0 }
  end
end
return reply
