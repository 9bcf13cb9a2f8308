-- Stores entries, each where its terms still hold, and enters those with tags into the indexes of these.
--
-- KEYS      for each tag its index, and where that is said its last invalidation behind it; then the entries
-- ARGV[1]   how many keys the tags have
-- ARGV[2]   how many of them each has: 2 where last invalidations are given, or 1: no manner has a snapshot
--           then for each manner of storing
--             life      in ms, or empty for no end
--             snapshot  the epoch before the loads, or empty: none of the tags may have been invalidated since
--             terms     1 where each entry has a token, or empty: whatever is there is replaced
--             count     of its runs; then for each run of entries that have the same tags
--               count   of its entries
--               tags    where their keys begin, with a comma between two
--               and for each entry the token that must hold the lease, where there are terms, and the value as it is stored
-- Or, where all entries have one tag each, end alike and have no terms:
-- KEYS      for each the index of its tag, and the entry
-- ARGV      empty; how long all live, in ms; and the value of each
-- Reply     for each entry 1 where it was stored, 0 where its terms did not hold, or an error; of a single one 1 may stand alone
-- Atomic    because between the look at the terms and the write another could break them; and because an entry must never be there
--           that is in no index of its tags, nor leave one before it has ended.
-- TTL       entries have theirs, an index ends when the last of those it was given leaves, or up to a quarter later.

-- Entries without terms are the common case: each costs a few steps of its own, a `SET`, and its place in a `ZADD` for each tag. What a script is
-- told costs the server about as much as what it does, so it is told once what many have in common.
local KEYS, ARGV, call, tonumber = KEYS, ARGV, redis.call, tonumber

local time
local function now()
  time = time or clock()
  return time
end

-- Where the keys of tags begin.
local function places_of(tags)
  local place, places = tonumber(tags), {}
  if place then return { place } end
  for each in string.gmatch(tags, '%d+') do places[#places + 1] = tonumber(each) end
  return places
end

-- The last invalidations that were asked for.
local known = {}
local function last_of(key)
  local last = known[key]
  if last == nil then
    last = redis.pcall('GET', key)
    if type(last) ~= 'table' then
      last = tonumber(last or 0) or redis.error_reply('ERR the last invalidation of a tag is no number')
    end
    known[key] = last
  end
  return last
end

-- Why an entry is not stored: 0, or an error.
local function refused(key, token, snapshot, tags)
  local head
  if token then
    head = seen or head_of(key, HEAD - 1)
    if type(head) == 'table' then return head end
    if not is_entry(head) or token_of(head) ~= token then return 0 end
    if not is_lease(head) and now() >= number(head, 13, 6) then return 0 end
  end
  if snapshot == '' then return nil end
  for i = 1, #tags do
    local last = last_of(KEYS[tags[i] + 1])
    if type(last) == 'table' then return last end
    if last > tonumber(snapshot) then
      if head then unlease(key, head) end
      return 0
    end
  end
end

-- Why some of several indexes cannot be entered; nothing where they can. Asked before any of them is: what is there in the place of an entry that is not
-- stored stays where it is in the others.
local checked = {}
local function unsound(tags)
  for i = 1, #tags do
    local index = KEYS[tags[i]]
    if checked[index] == nil then checked[index] = redis.pcall('ZCARD', index) end
    if type(checked[index]) == 'table' then return checked[index] end
  end
end

local replies = {}

-- Entries of one run that wait to be stored: their keys, and where their values and answers are.
local keys, values, places = {}, {}, {}

-- Stores them. An entry is entered before it is written.
local function store(life, tags, till)
  if #keys == 0 then return end
  local err = #tags > 1 and unsound(tags)
  if not err and #tags > 0 then
    local members = {}
    for i = 1, #keys do members[2 * i - 1], members[2 * i] = till, keys[i] end
    for i = 1, #tags do err = err or enter(KEYS[tags[i]], now(), till, unpack(members)) end
  end
  for i = 1, #keys do
    if not err then
      if life == '' then
        call('SET', keys[i], ARGV[values[i]])
      else
        call('SET', keys[i], ARGV[values[i]], 'PX', life)
      end
    end
    replies[places[i]] = err or 1
  end
  keys, values, places = {}, {}, {}
end

local first, place, at = tonumber(ARGV[1]), 0, 3

while first + place < #KEYS do
  local life, snapshot, has_terms, runs = ARGV[at], ARGV[at + 1], ARGV[at + 2] == '1', tonumber(ARGV[at + 3])
  local is_bound = has_terms or snapshot ~= ''
  local till = life == '' and '+inf' or nil
  at = at + 4
  for _ = 1, runs do
    local count, tags = tonumber(ARGV[at]), ARGV[at + 1]
    at = at + 2
    if not till and tags ~= '' then till = leaves(now(), life + MARGIN) end
    local waits = {}
    tags = places_of(tags)
    for _ = 1, count do
      place = place + 1
      local key, token, why = KEYS[first + place], nil, nil
      if has_terms then token, at = ARGV[at], at + 1 end
      if is_bound then
        -- The lease goes with what is written.
        if waits[key] then store(life, tags, till) end
        why = refused(key, token, snapshot, tags)
      end
      if why == nil then
        local next = #keys + 1
        keys[next], values[next], places[next], waits[key] = key, at, place, true
      else
        replies[place] = why
      end
      at = at + 1
    end
    store(life, tags, till)
  end
end
return replies
