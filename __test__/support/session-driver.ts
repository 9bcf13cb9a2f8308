import type { Redis } from '../../index.js'
import { brokenIn, scriptsOf } from './lua-scripts'

export type ScriptName = 'READ' | 'TOUCH' | 'WRITE' | 'DESTROY' | 'ROTATE' | 'CREATE' | 'BIND' | 'MARK' | 'ENLIST' | 'SEEN' | 'DESTROY_ALL' | 'MEMBERS'
export type Scripts = Readonly<Record<ScriptName, string>>

/** The scripts of the product. */
export const SCRIPTS: Scripts = scriptsOf('session')

/** All of them with a place broken, to see what notices. */
export const broken = (place: string, by: string): Scripts => brokenIn(SCRIPTS, place, by)

/** What is under a key, and when it ends, in ms of the virtual clock; `null` for no end. */
export interface Stored {
  ends: number | null
  fields?: Record<string, string>
  scores?: Record<string, number>
}

// What a script sees as `redis`: real keys and real values, on a clock and with ends of its own, which lie in a hash beside them. So hours pass within no
// time. A script that touches what is none of its keys, or asks for anything that is not listed here, ends with an error.
const DRIVER = `
local real, NOW_MS = redis, tonumber(ARGV[1])
local keys, args, allowed = cjson.decode(ARGV[3]), cjson.decode(ARGV[4]), {}
for _, key in ipairs(keys) do allowed[key] = true end
local ENDS = KEYS[1]

local function endOf(key) return tonumber(real.call('HGET', ENDS, key)) end
local function look(key)
  local ends = endOf(key)
  if ends and ends <= NOW_MS then real.call('DEL', key) end
  if real.call('EXISTS', key) == 1 then return true end
  real.call('HDEL', ENDS, key)
  return false
end
local function live(key, ends)
  if not look(key) then return 0 end
  if ends <= NOW_MS then real.call('DEL', key) else real.call('HSET', ENDS, key, string.format('%.0f', ends)) end
  return 1
end

local KNOWN = { GET = 1, HMGET = 1, HGET = 1, HSET = 1, DEL = 1, EXISTS = 1, ZADD = 1, ZREM = 1, ZSCORE = 1, ZCOUNT = 1, ZRANGE = 1, ZRANGEBYSCORE = 1, ZREMRANGEBYSCORE = 1 }
local function run(name, key, ...)
  if name == 'TIME' then return { string.format('%.0f', math.floor(NOW_MS / 1000)), string.format('%.0f', NOW_MS % 1000 * 1000) } end
  if not allowed[key] then error('it is none of its keys: ' .. key) end
  for _, given in ipairs({ ... }) do
    if type(given) == 'number' then error(name .. ' was given a number') end
  end
  local is_there = look(key)
  if name == 'PTTL' then
    if not is_there then return -2 end
    return endOf(key) and endOf(key) - NOW_MS or -1
  end
  if name == 'PEXPIRE' then return live(key, NOW_MS + tonumber((...))) end
  if name == 'PEXPIREAT' then return live(key, tonumber((...))) end
  if not KNOWN[name] then error('what is ' .. name) end
  return real.call(name, key, ...)
end
local fake = { call = run }
function fake.pcall(...)
  local ok, reply = pcall(run, ...)
  if ok then return reply end
  return { err = type(reply) == 'table' and reply.err or tostring(reply) }
end

local products = {}
PRODUCTS
local reply = {}
if ARGV[2] ~= '' then reply = products[ARGV[2]](keys, args, fake) end

local stored = {}
for _, key in ipairs(cjson.decode(ARGV[5])) do
  if look(key) then
    local kind = real.call('TYPE', key).ok
    local flat = kind == 'hash' and real.call('HGETALL', key) or real.call('ZRANGE', key, 0, -1, 'WITHSCORES')
    local members = {}
    for i = 1, #flat, 2 do members[flat[i]] = kind == 'hash' and flat[i + 1] or tonumber(flat[i + 1]) end
    stored[key] = { ends = endOf(key), [kind == 'hash' and 'fields' or 'scores'] = members }
  end
end
return cjson.encode({ reply, stored })
`

/** Runs one script at a time of the virtual clock, and tells what is under all of `watched` then. */
export class SessionDriver {
  readonly #redis: Redis
  readonly #text: string
  readonly #ends: string

  constructor(redis: Redis, scripts: Scripts, ends: string) {
    const products = Object.entries(scripts).map(([name, text]) => `function products.${name}(KEYS, ARGV, redis)\n${text}\nend`)
    this.#redis = redis
    this.#text = DRIVER.split('PRODUCTS').join(products.join('\n'))
    this.#ends = ends
  }

  async run(now: number, script: ScriptName | '', keys: readonly string[], args: readonly string[], watched: readonly string[]): Promise<{ told: any[]; stored: Map<string, Stored> }> {
    const given = [String(now), script, JSON.stringify(keys), JSON.stringify(args), JSON.stringify(watched)]
    // An empty list is an object to Lua.
    const [told, stored] = JSON.parse(await this.#redis.eval(this.#text, [this.#ends], given))
    return { told: Array.isArray(told) ? told : [], stored: new Map(Object.entries<Stored>(stored)) }
  }
}
