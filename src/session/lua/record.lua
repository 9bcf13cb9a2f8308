-- What is stored under the key of an id: a hash. Needs `clock.lua`.
--
--   v           the version: a word that is made up by whoever writes; `x` for a tombstone, `>` for a pointer to where the session has gone
--   d, c        the data and the cookie, as they came
--   u, i, m     whose the session is: the user, the name of his index, what is told of the device
--   t0, l, n    when it was created and seen last, in ms since the epoch; for how many ms it may go unseen
--   s           until when the index of the user knows it. It does not live longer
--   r, g        of a pointer: the name of the session that it has become; until when it leads there, and is a tombstone behind that
--   k           of a tombstone: who has put it there
--
-- A time is text of digits: a number would be written as `1.7e+12`.

-- The most bytes of all that a session holds.
local MOST = 16777216
-- How long a name is: a hash of 32 bytes in base64url.
local NAME = 43

local function text(number)
  return string.format('%.0f', number)
end

-- A number of ms, or nil where it is none.
local function whole(value)
  if value and #value <= 15 and not string.find(value, '%D') then return tonumber(value) end
  return nil
end

-- What is under a key: its state and what is known of it. `live`, `moved`, `gone` (it was destroyed), `none`, or `bad` where it is nothing of ours.
-- Who has lived `absolute` ms, where that is not 0, is over.
local function look(key, absolute)
  local h = redis.pcall('HMGET', key, 'v', 'd', 'c', 'u', 'i', 'm', 't0', 'l', 'n', 's', 'r', 'g')
  if h.err then return 'bad' end
  local v, to = h[1], h[11] or ''
  if not v then return redis.call('EXISTS', key) == 1 and 'bad' or 'none' end
  if v == 'x' then return 'gone', { to = '' } end
  if v == '>' then
    local until_when = whole(h[12])
    if #to ~= NAME or not until_when then return 'bad' end
    return NOW < until_when and 'moved' or 'gone', { to = to }
  end
  local it = { v = v, d = h[2], c = h[3] or '', u = h[4] or '', i = h[5] or '', m = h[6] or '', t0 = whole(h[7]), l = whole(h[8]), n = whole(h[9]), s = whole(h[10]) or 0 }
  local is_whole = it.d and it.t0 and it.l and it.n and it.n >= 1 and v ~= '' and (it.i == '' or #it.i == NAME)
  if not is_whole or #it.d + #it.c + #it.u + #it.m > MOST then return 'bad' end
  if absolute > 0 and it.t0 + absolute <= NOW then
    redis.call('DEL', key)
    return 'none'
  end
  return 'live', it
end

-- The first of all keys that has something, and its place; else the first.
local function find(absolute)
  local is_bad = false
  for place = 1, #KEYS do
    local state, it = look(KEYS[place], absolute)
    if state ~= 'none' and state ~= 'bad' then return state, it, KEYS[place], place end
    is_bad = is_bad or state == 'bad'
  end
  return is_bad and 'bad' or 'none', nil, KEYS[1], 1
end

-- When a session ends that is not seen from now on for so many ms.
local function end_of(it, idle, absolute)
  if absolute > 0 then return math.min(NOW + idle, it.t0 + absolute) end
  return NOW + idle
end

-- When a session ends that is left as it is.
local function end_now(key, it)
  local left = redis.call('PTTL', key)
  return NOW + (left < 0 and it.n or left)
end

-- Until when the index of a user is to know a session: longer than it lives now, so that it need not be told each time that one is seen.
local function horizon(it, idle, absolute)
  return end_of(it, idle + math.floor(idle / 2), absolute)
end

-- Sees a session. Done before anything that takes memory, it is done also where the server has none left. Gives when it ends; and until when the index
-- of its user has to know it before it may live longer than that, 0 where it need not.
local function see(key, it, idle, absolute)
  local ends, due = end_of(it, idle, absolute), 0
  if it.i ~= '' and ends > it.s then
    due = horizon(it, idle, absolute)
    ends = math.min(ends, math.max(it.s, NOW + redis.call('PTTL', key)))
  end
  redis.call('PEXPIREAT', key, text(ends))
  return ends, due
end

-- What is told of a session, behind a code.
local function told(code, it, place, ends, due)
  return { code, place, it.v, it.d, it.c, it.u, it.i, it.m, it.t0, it.l, it.n, ends, due }
end

-- What is told where there is no session.
local function absent(state, it)
  if state == 'moved' then return { 2, it.to } end
  return { state == 'gone' and -1 or state == 'bad' and -2 or 0 }
end
