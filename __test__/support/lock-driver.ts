import type { Redis } from '../../index.js'
import { UNHEARD } from './lock-moves'
import type { ScriptName, Scripts } from './lock-scripts'

/** One call of a script, `us` microseconds of the server's clock after the one before. `script` is empty where only time passes. */
export interface Step {
  us: number
  script: ScriptName | ''
  keys: readonly string[]
  args: readonly string[]
}

/** A key of a kind that holds members, as it is after a step. */
export interface Members {
  /** In their order. */
  members: readonly string[]
  /** How long the key lives from now on, in ms; -1 for no end. */
  life: number
}

export interface Outcome {
  /** Numbers with a space between two, or what went wrong. */
  told: string
  /** What was published: channel and message. */
  called: readonly string[]
  /** How often it asked for the time. */
  asked: number
  /** Keys of the step without an end. */
  immortal: readonly string[]
  /** By key, of those that are looked at. */
  sets: ReadonlyMap<string, Members>
}

// What the scripts see as `redis`: real keys and real values, on a clock and with ends of its own. So hours pass within one call. A script that touches what
// is none of its keys, or asks for anything that is not listed here, ends with an error.
const DRIVER = `
local real, us = redis, tonumber(ARGV[1])
local ends, called, asked, allowed = {}, {}, 0, {}
local LONG = 1000000000

local function ms() return math.floor(us / 1000) end

local function look(key)
  if ends[key] and ends[key] <= ms() then real.call('DEL', key) end
  if real.call('EXISTS', key) == 0 then ends[key] = nil return false end
  return true
end

-- A real one that is as short might end in the middle.
local function live(key, given)
  local text = type(given) == 'number' and string.format('%.17g', given) or given
  if not string.find(text, '^[1-9]%d*$') then error('no life is as long as ' .. text) end
  ends[key] = ms() + tonumber(text)
  real.call('PEXPIRE', key, LONG)
  return 1
end

-- Channels that nobody hears, at this node.
local UNHEARD = { ['redwright:wake:${String(UNHEARD).repeat(16)}'] = true }

-- Those of which every argument is a key.
local OF_KEYS = { MGET = 1, EXISTS = 1, DEL = 1 }
local KNOWN = { GET = 1, SET = 1, PTTL = 1, PEXPIRE = 1, ZADD = 1, ZREM = 1, ZCARD = 1, ZRANGE = 1, ZRANK = 1, ZSCORE = 1, ZCOUNT = 1,
  ZRANGEBYSCORE = 1, ZREMRANGEBYSCORE = 1 }

local function run(name, ...)
  local given = { ... }
  if name == 'TIME' then
    asked = asked + 1
    return { string.format('%.0f', math.floor(us / 1000000)), string.format('%.0f', us % 1000000) }
  end
  if name == 'PUBLISH' then
    called[#called + 1] = given[1] .. ' ' .. given[2]
    return 1
  end
  if name == 'PUBSUB' then return { given[2], UNHEARD[given[2]] and 0 or 1 } end
  if not KNOWN[name] and not OF_KEYS[name] then error('what is ' .. name) end
  for i = 1, OF_KEYS[name] and #given or 1 do
    if not allowed[given[i]] then error('it is none of its keys: ' .. given[i]) end
    look(given[i])
  end
  local key = given[1]
  local is_there = look(key)
  if name == 'PTTL' then
    if not is_there then return -2 end
    return ends[key] and ends[key] - ms() or -1
  end
  if name == 'PEXPIRE' then return is_there and live(key, given[2]) or 0 end
  if name ~= 'SET' then return real.call(name, ...) end
  local life, if_none
  for i = 3, #given do
    if given[i] == 'NX' then if_none = true elseif given[i] == 'PX' then life = given[i + 1] end
  end
  if if_none and is_there then return false end
  real.call('SET', key, given[2])
  ends[key] = nil
  if life then live(key, life) end
  return { ok = 'OK' }
end

local fake = { call = run, error_reply = real.error_reply }
function fake.pcall(...)
  local ok, reply = pcall(run, ...)
  if ok then return reply end
  return type(reply) == 'table' and reply or { err = tostring(reply) }
end

local products = {}
PRODUCTS
-- Somebody else's doing.
function products.FLUSH(KEYS, ARGV, redis)
  for _, key in ipairs(KEYS) do real.call('DEL', key) look(key) end
  return {}
end

local out, watched, everything = {}, cjson.decode(ARGV[2]), {}
for i, step in ipairs(cjson.decode(ARGV[3])) do
  us, called, asked, allowed = us + step.us, {}, 0, {}
  for _, key in ipairs(step.keys) do allowed[key], everything[key] = true, true end
  for key in pairs(everything) do look(key) end
  local told = ''
  if step.script ~= '' then
    local ok, reply = pcall(products[step.script], step.keys, step.args, fake)
    if not ok then told = 'threw ' .. (type(reply) == 'table' and tostring(reply.err) or tostring(reply))
    elseif reply.err then told = 'error ' .. reply.err
    else
      for at = 1, #reply do
        if type(reply[at]) == 'number' then reply[at] = string.format('%.17g', reply[at]) end
      end
      told = table.concat(reply, ' ')
    end
  end
  local immortal, sets = {}, {}
  for _, key in ipairs(step.keys) do
    if look(key) and not ends[key] then immortal[#immortal + 1] = key end
  end
  for at, key in ipairs(watched) do
    local is_there = look(key)
    sets[at] = { is_there and table.concat(real.call('ZRANGE', key, 0, -1), ' ') or '', is_there and (ends[key] and ends[key] - ms() or -1) or -2 }
  end
  out[i] = { told, table.concat(called, '\\n'), asked, table.concat(immortal, '\\n'), sets }
end
for key in pairs(everything) do real.call('DEL', key) end
return cjson.encode(out)
`

/** The script of a driver: it runs steps, one after the other, on virtual time. */
function driver(scripts: Scripts): string {
  const products = Object.entries(scripts).map(([name, text]) => `function products.${name}(KEYS, ARGV, redis)\n${text}\nend`)
  return DRIVER.split('PRODUCTS').join(products.join('\n'))
}

const lines = (text: string, by: string) => (text === '' ? [] : text.split(by))

/** Runs steps from an instant on, in µs, and looks at the sets `watched` after each. Nothing is left on the server. */
export async function drive(redis: Redis, scripts: Scripts, begin: number, watched: readonly string[], steps: readonly Step[]): Promise<Outcome[]> {
  const reply = String(await redis.command('EVAL', driver(scripts), '0', String(begin), JSON.stringify(watched), JSON.stringify(steps)))
  return (JSON.parse(reply) as [string, string, number, string, [string, number][]][]).map(([told, called, asked, immortal, sets]) => ({
    told,
    called: lines(called, '\n'),
    asked,
    immortal: lines(immortal, '\n'),
    sets: new Map(watched.map((key, i) => [key, { members: lines(sets[i]![0], ' '), life: sets[i]![1] }])),
  }))
}
