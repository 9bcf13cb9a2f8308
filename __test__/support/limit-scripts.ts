import { readFileSync } from 'node:fs'
import path from 'node:path'
import { brokenIn } from './lua-scripts'
import { root } from './root'

export type LimitScript = 'decide' | 'apply' | 'reserve' | 'settle'
export type LimitScripts = Readonly<Record<LimitScript, string>>

const read = (name: string) => readFileSync(path.join(root, `src/limit/lua/${name}.lua`), 'utf8')
const COUNTING = ['fixed', 'log', 'counter', 'gcra', 'policies']
const PARTS = (name: string) => ['clock', 'kinds', ...(name === 'decide' ? ['quick'] : []), ...COUNTING, name]
const NAMES: readonly LimitScript[] = ['decide', 'apply', 'reserve', 'settle']

/** The scripts of the product that count, made of their parts as `src/limit/scripts.rs` says. */
export const SCRIPTS = Object.fromEntries(NAMES.map((name) => [name, PARTS(name).map(read).join('')])) as LimitScripts

/** All of them with a place broken, to see what notices. */
export const broken = (place: string, by: string): LimitScripts => brokenIn(SCRIPTS, place, by)

/** One call of a script: `ms` after the one before. */
export interface Step {
  ms: number
  script: LimitScript | 'block'
  keys: readonly string[]
  args: readonly string[]
}

/** What came of it: numbers, or an error; how many commands wrote; keys that were left without a TTL. */
export interface Outcome {
  reply: string
  writes: number
  immortal: number
}

// What the scripts see as `redis`: real keys and real values, on a clock and with expiries of its own. So years pass within one call.
const DRIVER = `
local real, clock, has_increx, writes = redis, tonumber(ARGV[1]), ARGV[2] == '1', 0
local ends = {}
local LONG = 1000000000

local function look(key)
  if ends[key] and ends[key] <= clock then real.call('DEL', key) end
  if real.call('EXISTS', key) == 0 then ends[key] = nil return false end
  return true
end

-- A real one that is as short might end in the middle.
local function live(key, ms)
  local text = type(ms) == 'number' and string.format('%.17g', ms) or ms
  if not string.find(text, '^[1-9]%d*$') then error('no life is as long as ' .. text) end
  ends[key] = clock + tonumber(text)
  return real.call('PEXPIRE', key, LONG)
end

-- As its documentation has it: within the bound it counts, and says what there is and what was added; beyond, it writes nothing.
local function increx(key, _, by, _, bound, _, ms)
  local now = tonumber(real.call('GET', key) or 0)
  if now + by > tonumber(bound) then return { now, 0 } end
  real.call('INCRBY', key, by)
  writes = writes + 1
  if not ends[key] then live(key, ms) end
  return { now + by, tonumber(by) }
end

local WRITES = { SET = 1, INCRBY = 1, RPUSH = 1, LSET = 1, RPOP = 1, LTRIM = 1, PEXPIRE = 1, UNLINK = 1 }
local READS = { GET = 1, MGET = 1, LRANGE = 1, LLEN = 1, PTTL = 1, INCREX = 1 }
local function run(name, ...)
  if name == 'TIME' then return { string.format('%.0f', math.floor(clock / 1000)), string.format('%.0f', clock % 1000 * 1000) } end
  if name == 'COMMAND' then return has_increx and { { 'increx' } } or { false } end
  if WRITES[name] then writes = writes + 1 elseif not READS[name] then error('what is ' .. name) end
  local given = { ... }
  for i = 1, (name == 'MGET' or name == 'UNLINK') and #given or 1 do look(given[i]) end
  local key = given[1]
  if name == 'PTTL' then
    if not look(key) then return -2 end
    return ends[key] and ends[key] - clock or -1
  end
  if name == 'INCREX' then
    if not has_increx then return error('there is no INCREX') end
    return increx(...)
  end
  if name == 'PEXPIRE' then return look(key) and live(key, given[2]) and 1 or 0 end
  if name ~= 'SET' then return real.call(name, ...) end
  local reply = given[5] and real.call('SET', key, given[2], given[5]) or not given[5] and real.call('SET', key, given[2])
  if reply then live(key, given[4]) end
  return reply
end

local fake = { call = run, error_reply = real.error_reply, REDIS_VERSION_NUM = has_increx and 0x080800 or 0x080700 }
function fake.pcall(...)
  local ok, reply = pcall(run, ...)
  if ok then return reply end
  return type(reply) == 'table' and reply or { err = reply }
end

local function block(KEYS, ARGV, redis)
  redis.call('SET', KEYS[1], '', 'PX', ARGV[1])
  return {}
end
PRODUCTS
local products = { decide = decide, apply = apply, reserve = reserve, settle = settle, block = block }

local out = {}
for i, step in ipairs(cjson.decode(ARGV[3])) do
  clock, writes = clock + step.ms, 0
  local ok, reply = pcall(products[step.script], step.keys, step.args, fake)
  local told
  if not ok then told = 'threw ' .. (type(reply) == 'table' and tostring(reply.err) or tostring(reply))
  elseif reply.err then told = 'error ' .. reply.err
  else
    for at = 1, #reply do reply[at] = string.format('%.17g', reply[at]) end
    told = table.concat(reply, ' ')
  end
  local immortal = 0
  for _, key in ipairs(step.keys) do
    if look(key) and not ends[key] then immortal = immortal + 1 end
  end
  out[i] = { told, writes, immortal }
end
for key in pairs(ends) do real.call('DEL', key) end
return cjson.encode(out)
`

/** The script of a driver: it runs steps, one after the other, on virtual time. */
export function driver(scripts: LimitScripts): string {
  const products = NAMES.map((name) => `local function ${name}(KEYS, ARGV, redis)\n${scripts[name]}\nend`)
  return DRIVER.split('PRODUCTS').join(products.join('\n'))
}

/** The arguments of a driver, and what it answered. */
export const given = (begin: number, hasIncrex: boolean, steps: readonly Step[]) => [String(begin), hasIncrex ? '1' : '0', JSON.stringify(steps)]

export function outcomes(reply: string): Outcome[] {
  return (JSON.parse(reply) as [string, number, number][]).map(([told, writes, immortal]) => ({ reply: told, writes, immortal }))
}
