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
-- Reply     for each entry 1 where it was stored, 0 where its terms did not hold, or an error
-- Atomic    because between the look at the terms and the write another could break them; and because an entry must never be there
--           that is in no index of its tags, nor leave one before it has ended.
-- TTL       entries have theirs, an index has the longest of those it was given and a little more.

-- Entries without terms are the common case: each costs a few steps of its own, a `SET`, and its place in a `ZADD` for each tag. What a script is
-- told costs the server about as much as what it does, so it is told once what many have in common.
local KEYS, ARGV, call, tonumber = KEYS, ARGV, redis.call, tonumber

-- So much longer than its entry a key is in an index, in ms: the two are not written at the same moment.
local MARGIN = 1000

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
    head = head_of(key, HEAD - 1)
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

-- The keys of `count` entries, behind those of `first` others, as members of an index.
local function members(first, count, score)
  local list = {}
  for i = 1, count do
    list[2 * i - 1], list[2 * i] = score, KEYS[first + i]
  end
  return list
end

-- Enters them until `till` into the indexes of tags. Gives an error where one of these is none: then what is there in their places stays in the others, however long it lives.
local function enter_all(tags, first, count, till)
  for i = 1, #tags do
    local index, err = KEYS[tags[i]], nil
    if count == 1 then
      err = enter(index, now(), till, till, KEYS[first + 1])
    else
      err = enter(index, now(), till, unpack(members(first, count, till)))
    end
    if err then
      for before = 1, i - 1 do call('ZADD', KEYS[tags[before]], unpack(members(first, count, '+inf'))) end
      return err
    end
  end
end

local replies, done = {}, 0
local first, at = tonumber(ARGV[1]), 3

-- Stores the next `count` entries, whose values come next. An entry is entered before it is written.
local function store(count, life, tags, till)
  local err = enter_all(tags, first, count, till)
  for i = 1, count do
    if not err then
      if life == '' then
        call('SET', KEYS[first + i], ARGV[at])
      else
        call('SET', KEYS[first + i], ARGV[at], 'PX', life)
      end
    end
    replies[done + i], at = err or 1, at + 1
  end
  first, done = first + count, done + count
end

-- As `store` for an entry with one tag and an end, which is the common case, without the tables that the others need.
local function store_one(place, life, till)
  first, done = first + 1, done + 1
  local err = enter(KEYS[place], time, till, till, KEYS[first])
  if not err then call('SET', KEYS[first], ARGV[at], 'PX', life) end
  replies[done], at = err or 1, at + 1
end

while first < #KEYS do
  local life, snapshot, has_terms, runs = ARGV[at], ARGV[at + 1], ARGV[at + 2] == '1', tonumber(ARGV[at + 3])
  local is_bound = has_terms or snapshot ~= ''
  local till = life == '' and '+inf' or nil
  at = at + 4
  for _ = 1, runs do
    local count, tags = tonumber(ARGV[at]), ARGV[at + 1]
    at = at + 2
    if not till and tags ~= '' then till = leaves(now(), life + MARGIN) end
    local place = count == 1 and life ~= '' and not is_bound and tonumber(tags)
    if place then
      store_one(place, life, till)
    elseif not is_bound then
      store(count, life, places_of(tags), till)
    else
      tags = places_of(tags)
      -- One by one: the terms of each are looked at when those before it are written.
      for _ = 1, count do
        local token
        if has_terms then token, at = ARGV[at], at + 1 end
        local why = refused(KEYS[first + 1], token, snapshot, tags)
        if why == nil then
          store(1, life, tags, till)
        else
          first, done, at = first + 1, done + 1, at + 1
          replies[done] = why
        end
      end
    end
  end
end
return replies
