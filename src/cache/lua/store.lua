-- Stores entries, each where its terms still hold, and enters those with tags into the indexes of these.
--
-- KEYS      the entries, then for each tag its index, and where that is said its last invalidation behind it
-- ARGV[1]   how many manners of storing there are
-- ARGV[2]   1 where last invalidations are given, or empty: no manner has a snapshot
--           then for each manner
--             life      in ms, or empty for no end
--             snapshot  the epoch before the loads, or empty: none of the tags may have been invalidated since
--             terms     1 where each entry has a token, or empty: whatever is there is replaced
--             count     of its runs; then for each run of entries that have the same tags
--               count   of its entries
--               tags    their numbers, from 1, with a comma between two
--               and for each entry the token that must hold the lease, where there are terms, and the value as it is stored
-- Reply     for each entry 1 where it was stored, 0 where its terms did not hold, or an error
-- Atomic    because between the look at the terms and the write another could break them; and because an entry must never be there
--           that is in no index of its tags, nor leave one before it has ended.
-- TTL       entries have theirs, an index has the longest of those it was given and a little more.

-- Many entries without terms are the common case: each costs a few steps of its own, a `SET`, and its place in the `ZADD` of each tag. What a script is
-- told costs the server about as much as what it does, so it is told once what many have in common.
local KEYS, ARGV, call, tonumber = KEYS, ARGV, redis.call, tonumber

-- So much longer than its entry a key is in an index, in ms: the two are not written at the same moment.
local MARGIN = 1000

-- How many keys a tag has here, and where the first of them is.
local width, first = ARGV[2] == '1' and 2 or 1, 1
do
  local at = 3
  for _ = 1, tonumber(ARGV[1]) do
    local step, runs = ARGV[at + 2] == '1' and 2 or 1, tonumber(ARGV[at + 3])
    at = at + 4
    for _ = 1, runs do
      local count = tonumber(ARGV[at])
      first, at = first + count, at + 2 + count * step
    end
  end
end

local time
local function now()
  time = time or clock()
  return time
end

-- By the number of a tag, as text: its keys, what is to be entered, and its last invalidation once it was asked for.
local tags = {}
local function tag(which)
  local known = tags[which]
  if known == nil then
    local index = first + width * (tonumber(which) - 1)
    known = { index = KEYS[index], last_key = KEYS[index + 1], scored = {}, size = 0, longest = 1 }
    tags[which] = known
  end
  return known
end

local NO_TAGS = {}
local function tags_of(numbers)
  if numbers == '' then return NO_TAGS end
  if not string.find(numbers, ',', 1, true) then return { tag(numbers) } end
  local list, size = {}, 0
  for which in string.gmatch(numbers, '%d+') do
    size = size + 1
    list[size] = tag(which)
  end
  return list
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

-- Why an entry is not stored: 0, or an error.
local function refused(key, token, snapshot, its)
  local head
  if token then
    -- The lease went with what is written before.
    if written[key] then return 0 end
    head = head_of(key, HEAD - 1)
    if type(head) == 'table' then return head end
    if not is_entry(head) or token_of(head) ~= token then return 0 end
    if not is_lease(head) and now() >= number(head, 13, 6) then return 0 end
  end
  if snapshot == '' then return nil end
  for i = 1, #its do
    local last = last_of(its[i])
    if type(last) == 'table' then return last end
    if last > tonumber(snapshot) then
      if head then unlease(key, head) end
      return 0
    end
  end
end

-- By the place of an entry: what is answered, where its value is among ARGV, how long it lives, and its tags.
local replies, values, lives, lists = {}, {}, {}, {}
local at, place = 3, 0
for _ = 1, tonumber(ARGV[1]) do
  local life, snapshot, has_terms, runs = ARGV[at], ARGV[at + 1], ARGV[at + 2] == '1', tonumber(ARGV[at + 3])
  local is_bound = has_terms or snapshot ~= ''
  local span, till = 0, '+inf'
  at = at + 4
  for _ = 1, runs do
    local count, its = tonumber(ARGV[at]), tags_of(ARGV[at + 1])
    if till == '+inf' and life ~= '' and #its > 0 then
      span = tonumber(life) + MARGIN
      till = leaves(now(), span)
    end
    at = at + 2
    for _ = 1, count do
      place = place + 1
      local key, token, why = KEYS[place], nil, nil
      if has_terms then token, at = ARGV[at], at + 1 end
      if is_bound then why = refused(key, token, snapshot, its) end
      -- Only the keys of those that will be stored are entered: with the end of another, what is there already would leave too early.
      if why == nil then
        written[key] = true
        for i = 1, #its do
          local known = its[i]
          local scored, size = known.scored, known.size
          scored[size + 1], scored[size + 2], known.size = till, key, size + 2
          if span == 0 then
            known.longest = 0
          elseif known.longest ~= 0 and span > known.longest then
            known.longest = span
          end
        end
      end
      replies[place], values[place], lives[place], lists[place] = why or 1, at, life, its
      at = at + 1
    end
  end
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
  for i = 1, place do
    for _, known in ipairs(lists[i]) do
      if known.err and replies[i] == 1 then replies[i] = known.err end
    end
    if type(replies[i]) == 'table' then
      for _, known in ipairs(lists[i]) do
        if known.size > 0 and not known.err then call('ZADD', known.index, '+inf', KEYS[i]) end
      end
    end
  end
end

for i = 1, place do
  if replies[i] == 1 then
    local life = lives[i]
    if life == '' then
      call('SET', KEYS[i], ARGV[values[i]])
    else
      call('SET', KEYS[i], ARGV[values[i]], 'PX', life)
    end
  end
end
return replies
