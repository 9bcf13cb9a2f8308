/** Reads an API from two sides: what `require` gives, and what a hand-written declaration file promises. */

export interface Members {
  methods: string[]
  /** Properties, and getters among them. */
  properties: string[]
  statics: string[]
}

const BUILT_IN = ['length', 'name', 'prototype']

type Class = new (...args: never[]) => unknown
const isClass = (value: unknown): value is Class => typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value))

/**
 * The members that a class itself adds. Well-known symbols are written as in source, `[Symbol.iterator]`; a symbol of our own is how a
 * member is kept out of the API.
 */
export function runtimeMembers(value: Class): Members {
  const own = Object.getOwnPropertyDescriptors(value.prototype)
  const keys = Reflect.ownKeys(own).filter((key) => key !== 'constructor' && isPublic(key))
  const isMethod = (key: string | symbol) => typeof (own as any)[key].value === 'function'
  return {
    methods: keys.filter(isMethod).map(shown).sort(),
    properties: keys.filter((key) => !isMethod(key)).map(shown).sort(),
    statics: Reflect.ownKeys(value).filter((key) => isPublic(key) && !BUILT_IN.includes(String(key))).map(shown).sort(),
  }
}

/** Whether a member of this name can be used, added or inherited. */
export function hasMember(value: Class, name: string): boolean {
  const [, symbol] = /^\[Symbol\.(\w+)\]$/.exec(name) ?? []
  return (symbol === undefined ? name : (Symbol as any)[symbol]) in value.prototype
}

function isPublic(key: string | symbol): boolean {
  return typeof key === 'string' || key.description!.startsWith('Symbol.')
}

function shown(key: string | symbol): string {
  return typeof key === 'symbol' ? `[${key.description}]` : key
}

/** One line an export and one a class member, sorted, so that a change of the API is a readable diff. */
export function describeModule(name: string, exports: Record<string, unknown>): string[] {
  return [name, ...Object.keys(exports).sort().flatMap((key) => describeExport(key, exports[key]).map((line) => `  ${line}`))]
}

function describeExport(name: string, value: unknown): string[] {
  if (!isClass(value)) return [`${typeof value} ${name}`]
  const parent = Object.getPrototypeOf(value)
  const { methods, properties, statics } = runtimeMembers(value)
  return [
    `class ${name}${parent === Function.prototype ? '' : ` extends ${parent.name}`}`,
    ...statics.map((member) => `  static ${member}`),
    ...properties.map((member) => `  get ${member}`),
    ...methods.map((member) => `  ${member}()`),
  ]
}

/**
 * The values that a declaration file exports, with the members of its classes. Reads the style our declarations are written in (one
 * member a line, two spaces deep); the compiler checks the rest.
 */
export function declared(source: string): { values: string[]; classes: Map<string, Members> } {
  const text = source.replace(/\/\*[^]*?\*\//g, '').replace(/\/\/.*$/gm, '')
  const values = [...text.matchAll(/^export (?:declare )?(?:abstract )?(?:class|function|const) (\w+)/gm)].map(([, name]) => name)
  const classes = new Map<string, Members>()
  for (const [, name, body] of text.matchAll(/^export (?:declare )?(?:abstract )?class (\w+)[^{]*\{\n([^]*?)^\}/gm)) {
    classes.set(name, declaredMembers(body))
  }
  return { values: [...new Set(values)].sort(), classes }
}

function declaredMembers(body: string): Members {
  const found: Members = { methods: [], properties: [], statics: [] }
  const lines = body.matchAll(/^ {2}(static )?(?:readonly |get )?(\w+|\[[\w.]+\])\??([<(]?)/gm)
  for (const [, isStatic, name, opening] of lines) {
    if (name === 'constructor') continue
    const kind = isStatic ? found.statics : opening ? found.methods : found.properties
    if (!kind.includes(name)) kind.push(name)
  }
  for (const names of Object.values(found)) names.sort()
  return found
}
