-- Stores entries, each where its terms still hold, and enters those with tags into the indexes of these.
--
-- KEYS      the entries, then for each tag its index and its last invalidation
-- ARGV[1]   how many entries; then for each of them
--             token     that must hold the lease, or empty: whatever is there
--             life      in ms, or empty for no end
--             snapshot  the epoch before its load, or empty: none of its tags may have been invalidated since
--             value     as it is stored
--             count     of its tags, and as many numbers of tags, from 1
-- Reply     for each entry 1 where it was stored, 0 where its terms did not hold, or an error
-- Atomic    because between the look at the terms and the write another could break them; and because an entry must never be there
--           that is in no index of its tags, nor leave one before it has ended.
-- TTL       entries have theirs, an index has the longest of those it was given and a little more.

-- Many entries without terms are the common case: each costs a few steps of its own, a `SET`, and its place in the `ZADD` of each tag.
local KEYS, ARGV, call, tonumber = KEYS, ARGV, redis.call, tonumber

-- So much longer than its entry a key is in an index, in ms: the two are not written at the same moment.
local MARGIN = 1000

local count = tonumber(ARGV[1])

local time
local function now()
  time = time or clock()
  return time
end

-- How long a key of such a life is in an index, and when it has to leave, as text: made once for all that share it.
local spans, ends = { [''] = 0 }, { [''] = '+inf' }
local function span_of(life)
  local span = spans[life]
  if span == nil then
    span = tonumber(life) + MARGIN
    spans[life], ends[life] = span, string.format('%.0f', now() + span)
  end
  return span
end

-- By the number of a tag, as text: its keys, what is to be entered, and its last invalidation once it was asked for.
local tags = {}
local function tag(which)
  local known = tags[which]
  if known == nil then
    local index = count + 2 * tonumber(which) - 1
    known = { index = KEYS[index], last_key = KEYS[index + 1], scored = {}, size = 0, longest = 1 }
    tags[which] = known
  end
  return known
end

-- The last invalidation of a tag, or an error.
local function last_of(known)
  if known.last == nil then
    local last = redis.pcall('GET', known.last_key)
    if type(last) == 'table' then
      known.last = last
    else
      known.last = tonumber(last or 0) or redis.error_reply('ERR the last invalidation of a tag is no number')
    end
  end
  return known.last
end

-- Those that will be written.
local written = {}

-- Why an entry is not stored: 0, or an error; its tags are those of ARGV from one place to another.
local function refused(key, token, snapshot, from, to)
  local head
  if token ~= '' then
    -- The lease went with what is written before.
    if written[key] then return 0 end
    head = head_of(key, HEAD - 1)
    if type(head) == 'table' then return head end
    if not is_entry(head) or token_of(head) ~= token then return 0 end
    if not is_lease(head) and now() >= number(head, 13, 6) then return 0 end
  end
  if snapshot == '' then return nil end
  for i = from, to do
    local last = last_of(tag(ARGV[i]))
    if type(last) == 'table' then return last end
    if last > tonumber(snapshot) then
      if head then unlease(key, head) end
      return 0
    end
  end
end

local replies, starts = {}, {}
local at = 2
for i = 1, count do
  local key, token, life, snapshot = KEYS[i], ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local to = at + 4 + tonumber(ARGV[at + 4])
  local why
  if token ~= '' or snapshot ~= '' then why = refused(key, token, snapshot, at + 5, to) end
  -- Only the keys of those that will be stored are entered: with the end of another, what is there already would leave too early.
  if why == nil then
    written[key] = true
    for j = at + 5, to do
      local known, span = tag(ARGV[j]), span_of(life)
      local scored, size = known.scored, known.size
      scored[size + 1], scored[size + 2], known.size = ends[life], key, size + 2
      if span == 0 then
        known.longest = 0
      elseif known.longest ~= 0 and span > known.longest then
        known.longest = span
      end
    end
  end
  replies[i], starts[i] = why or 1, at
  at = to + 1
end

-- A key is entered before its entry is written.
local is_wrong = false
for _, known in pairs(tags) do
  if known.size > 0 then
    known.err = enter(known.index, now(), known.longest, known.scored)
    is_wrong = is_wrong or known.err ~= nil
  end
end

-- Where a tag's index is none, its entries are not stored. What is there in their places stays in the other indexes, however long it lives.
if is_wrong then
  for i = 1, count do
    local from = starts[i] + 5
    local to = from - 1 + tonumber(ARGV[from - 1])
    for j = from, to do
      local err = tags[ARGV[j]] and tags[ARGV[j]].err
      if err and replies[i] == 1 then replies[i] = err end
    end
    if type(replies[i]) == 'table' then
      for j = from, to do
        if tags[ARGV[j]] and not tags[ARGV[j]].err then call('ZADD', tags[ARGV[j]].index, '+inf', KEYS[i]) end
      end
    end
  end
end

for i = 1, count do
  if replies[i] == 1 then
    local start = starts[i]
    local life = ARGV[start + 1]
    if life == '' then
      call('SET', KEYS[i], ARGV[start + 3])
    else
      call('SET', KEYS[i], ARGV[start + 3], 'PX', life)
    end
  end
end
return replies
