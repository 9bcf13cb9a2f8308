-- The index of a user: a sorted set of the names of his sessions. The score of each is the time until when it is known, in ms since the epoch, which
-- no session outlives; it is negative where the session has to go, because the user has others in its place. Needs `record.lua`.

-- The clocks of nodes may differ by this many ms.
local MARGIN = 60000

-- Forgets what is over, and an index that is none.
local function prune(index)
  local gone = redis.pcall('ZREMRANGEBYSCORE', index, text(MARGIN - NOW), text(NOW - MARGIN))
  if type(gone) == 'table' then redis.call('DEL', index) end
end

-- What has a score between the two, the least first.
local function between(index, least, most, ...)
  return redis.call('ZRANGEBYSCORE', index, least, most, ...)
end

-- Enters a session until a time, which may be over when it comes to that.
local function enter(index, name, score)
  local life = math.abs(score) + MARGIN - NOW
  if life <= 0 then return end
  local was = tonumber(redis.call('ZSCORE', index, name) or 0)
  -- What has to go does not stay by being seen.
  if score < 0 or (was >= 0 and was < score) then redis.call('ZADD', index, text(score), name) end
  if redis.call('PTTL', index) < life then redis.call('PEXPIRE', index, text(life)) end
end

-- Has `over` sessions go: those in ARGV from `first` on that are there, in this order, then those that end first.
local function doom(index, over, first)
  local function one(name)
    local score = tonumber(redis.call('ZSCORE', index, name) or 0)
    if over > 0 and score > 0 then
      redis.call('ZADD', index, text(-score), name)
      over = over - 1
    end
  end
  for i = first, #ARGV do one(ARGV[i]) end
  if over > 0 then
    for _, name in ipairs(between(index, '(0', '+inf', 'LIMIT', '0', text(over))) do one(name) end
  end
end

-- Enters a session, where the user may have that many. ARGV from `from` on: its name, how many sessions he may have, 0 for any, what is done where he
-- has them, how many of the names behind that are no sessions any more, these, and the others in the order in which they go. Gives nothing where it is
-- entered; what is to be answered where it is not: {4, names} to be asked again, `ask`, or {-3}, `refuse`.
local function admit(index, score, from)
  local name, most, how, dead = ARGV[from], tonumber(ARGV[from + 1]), ARGV[from + 2], tonumber(ARGV[from + 3])
  prune(index)
  for i = from + 4, from + 3 + dead do redis.call('ZREM', index, ARGV[i]) end
  if most > 0 and not redis.call('ZSCORE', index, name) then
    local over = redis.call('ZCOUNT', index, '(0', '+inf') - most + 1
    if over > 0 then
      if how == 'refuse' then return { -3 } end
      if how == 'ask' then
        local reply = between(index, '(0', '+inf')
        table.insert(reply, 1, 4)
        return reply
      end
      doom(index, over, from + 4 + dead)
    end
  end
  enter(index, name, score)
  return nil
end

-- A reply, and behind it the names of all sessions that have to go.
local function with_doomed(reply, index)
  for _, name in ipairs(between(index, '-inf', '(0')) do reply[#reply + 1] = name end
  return reply
end
