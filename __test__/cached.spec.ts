import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { Cached, closeRedis, Redis, ResilientCache, TypeSafeCache } from '../index.js'
import { compiled, STANDARDS } from './support/decorated'
import { realServer } from './support/servers'

const server = await realServer()
const redis = await Redis.connect(server.url)
after(async () => {
  await redis.close()
  await server.stop()
})

let namespaces = 0
const freshCache = () => new TypeSafeCache(redis, { namespace: `cached${++namespaces}` })
const stored = (cache: TypeSafeCache) => redis.command<string[]>('KEYS', `cache:${cache.namespace}:*`).then((keys) => keys.map((key) => key.slice(`cache:${cache.namespace}:`.length)).sort())

for (const standard of STANDARDS) {
  describe(`a method decorated under ${standard}`, () => {
    const given = (cache: TypeSafeCache) => ({ Cached, cache })
    const users = `
      export class Users {
        calls = 0
        static calls = 0
        constructor(tag = 'u') { this.tag = tag }
        @Cached({ cache, ttl: 60 })
        async find(id, options) { this.calls++; return options === undefined ? { id, tag: this.tag } : { id, options, tag: this.tag } }
        @Cached({ cache })
        static async count(of) { this.calls++; return [of, this.name] }
      }
      export class Admins extends Users {}
      export class Guests extends Users {
        @Cached({ cache })
        async find(id) { return { guest: await super.find(id) } }
      }`

    test('is called once for the same arguments, with its this', async () => {
      const cache = freshCache()
      const { Users } = compiled(users, standard, given(cache))
      const instance = new Users('t')
      for (let i = 0; i < 3; i++) assert.deepEqual(await instance.find('1', { a: 1, b: 2 }), { id: '1', options: { a: 1, b: 2 }, tag: 't' })
      assert.deepEqual(await instance.find('1', { b: 2, a: 1 }), { id: '1', options: { a: 1, b: 2 }, tag: 't' })
      assert.equal(instance.calls, 1)
      await instance.find('1')
      await instance.find(1)
      assert.equal(instance.calls, 3)
      assert.deepEqual(await Users.count('a'), ['a', 'Users'])
      assert.deepEqual(await Users.count('a'), ['a', 'Users'])
      assert.equal(Users.calls, 1)
      assert.deepEqual((await stored(cache)).filter((key) => !key.includes('#')), ['Users.count:"a"', 'Users.find:"1"', 'Users.find:1'])
    })

    test('has the class that defines it in its keys, be it called on a subclass first', async () => {
      const cache = freshCache()
      const { Users, Admins, Guests } = compiled(users, standard, given(cache))
      const guest = new Guests('g')
      assert.deepEqual(await guest.find('1'), { guest: { id: '1', tag: 'g' } })
      assert.deepEqual(await new Admins('a').find('1'), { id: '1', tag: 'g' })
      assert.deepEqual(await new Users('u').find('1'), { id: '1', tag: 'g' })
      assert.deepEqual(await Admins.count('x'), ['x', 'Admins'])
      assert.deepEqual(await Users.count('x'), ['x', 'Admins'])
      assert.deepEqual(await stored(cache), ['Guests.find:"1"', 'Users.count:"x"', 'Users.find:"1"'])
    })

    test('tells its key and deletes what is stored', async () => {
      const cache = freshCache()
      const { Users } = compiled(users, standard, given(cache))
      const instance = new Users()
      await instance.find('1')
      await instance.find('2')
      assert.equal(instance.find.key('1'), 'Users.find:"1"')
      assert.equal(instance.find.name, 'find')
      assert.equal(await instance.find.invalidate('1'), undefined)
      assert.deepEqual(await stored(cache), ['Users.find:"2"'])
      await Users.count('a')
      await Users.count.invalidate('a')
      assert.deepEqual(await stored(cache), ['Users.find:"2"'])
    })

    test('rejects with what it threw, and for arguments without a key', async () => {
      const cache = freshCache()
      const { Failing } = compiled(`export class Failing { @Cached({ cache }) async run() { throw new RangeError('own') } }`, standard, given(cache))
      await assert.rejects(new Failing().run(), { name: 'RangeError', message: 'own' })
      await assert.rejects(new Failing().run(1, () => 1), { name: 'TypeError', message: 'arguments[1] cannot be part of a key: it is a function', code: 'ERR_INVALID_ARG' })
    })

    test('may have its name and its namespace from options', async () => {
      const cache = freshCache()
      const source = `
        const S = Symbol('s')
        export class C { @Cached({ cache, name: 'stock', namespace: 'other' }) async [S](id) { return id } read(id) { return this[S](id) } drop(id) { return this[S].invalidate(id) } }`
      const { C } = compiled(source, standard, given(cache))
      assert.equal(await new C().read(1), 1)
      assert.equal(await redis.command('GET', 'cache:other:stock:1'), '1')
      await new C().drop(1)
      assert.equal(await redis.command('EXISTS', 'cache:other:stock:1'), 0)
    })

    test('goes through a ResilientCache as well, and passes on what getOrSet takes', async () => {
      const cache = new ResilientCache(redis, { namespace: `cached${++namespaces}` })
      const source = `export class C { n = 0; @Cached({ cache, forceFresh: true, ttl: '5m' }) async next() { return ++this.n } @Cached({ cache, tll: 1 }) async wrong() {} }`
      const { C } = compiled(source, standard, { Cached, cache })
      const c = new C()
      assert.deepEqual([await c.next(), await c.next()], [1, 2])
      const left = await redis.command<number>('PTTL', `cache:${cache.namespace}:C.next:`)
      assert.ok(left > 200_000 && left <= 300_000)
      await assert.rejects(c.wrong(), { name: 'TypeError', message: /options\.tll is not an option; did you mean 'ttl'\?/ })
    })

    test('is a method, and nothing else', () => {
      const body = ['@Cached(1) field = 1', '@Cached(1) get it() { return 1 }', '@Cached(1) set it(v) {}']
      for (const source of [...body.map((line) => `class C { ${line} }`), '@Cached(1) class C {}']) {
        assert.throws(() => compiled(source, standard, { Cached }), { name: 'TypeError', message: 'Cached decorates methods, and nothing else', code: 'ERR_INVALID_ARG' }, source)
      }
    })

    test('needs a name where none is to be found', () => {
      const symbol = `const S = Symbol('s'); class C { @Cached(1) async [S]() {} }`
      assert.throws(() => compiled(symbol, standard, { Cached }), { name: 'TypeError', message: /whose name is a symbol needs options\.name$/ })
      const anonymous = `new (class { @Cached(1) async run() {} })()`
      // Under the other, TypeScript decorates no class expressions.
      if (standard === 'TC39') assert.throws(() => compiled(anonymous, standard, { Cached }), { name: 'TypeError', message: /^Cached finds no name of the class of run: give options\.name$/ })
    })
  })
}

describe('under TC39', () => {
  test('private methods are cached: static ones by their class, those of instances by name', async () => {
    const cache = freshCache()
    const source = `
      export class Users {
        @Cached({ cache }) static async #count(of) { return of }
        static count(of) { return this.#count(of) }
        @Cached({ cache, name: 'Users.#find' }) async #find(id) { return id }
        find(id) { return this.#find(id) }
        drop(id) { return this.#find.invalidate(id) }
      }`
    const { Users } = compiled(source, 'TC39', { Cached, cache })
    assert.deepEqual([await Users.count(1), await new Users().find(2)], [1, 2])
    assert.deepEqual(await stored(cache), ['Users.#count:1', 'Users.#find:2'])
    await new Users().drop(2)
    assert.deepEqual(await stored(cache), ['Users.#count:1'])
  })

  test('a private method of instances without a name is refused, since a subclass may have its own', () => {
    assert.throws(() => compiled('class C { @Cached(1) async #run() {} }', 'TC39', { Cached }), { name: 'TypeError', message: /private method of instances needs options\.name/ })
  })

  test('the class is known from the first instance on, or from a call on one', async () => {
    const cache = freshCache()
    const { C } = compiled('export class C { @Cached({ cache }) async run(id) { return id } }', 'TC39', { Cached, cache })
    assert.throws(() => C.prototype.run.key(1), { name: 'TypeError', message: 'Cached cannot tell the class of run without an instance of it: give options.name' })
    await assert.rejects(C.prototype.run.invalidate(1), TypeError)
    await assert.rejects(C.prototype.run.call(undefined, 1), TypeError)
    await assert.rejects(C.prototype.run.call({}, 1), TypeError)
    assert.equal(await C.prototype.run.call(Object.create(C.prototype), 1), 1)
    assert.equal(C.prototype.run.key(1), 'C.run:1')
  })

  test('other decorators may stand over it', async () => {
    const cache = freshCache()
    const over = (method: any) => function (this: unknown, ...args: unknown[]) { return method.apply(this, args) }
    const bound = (method: any, context: any) => context.addInitializer(function (this: any) { this[context.name] = method.bind(this) })
    const source = `
      export class A { @over @Cached({ cache }) async run(id) { return id } @bound @Cached({ cache }) async tied(id) { return id } @bound @over @Cached({ cache }) async both(id) { return id } }
      export class B extends A { async run(id) { return super.run(id) } }`
    const { A, B } = compiled(source, 'TC39', { Cached, cache, over, bound })
    // Whether it is that of A or of B is not to be told, until there is an A.
    await assert.rejects(new B().run(1), { message: /give options\.name/ })
    assert.deepEqual([await new A().run(1), await new B().run(2)], [1, 2])
    const { tied, both } = new A()
    assert.deepEqual([await tied(3), await both(4)], [3, 4])
    assert.deepEqual(await stored(cache), ['A.both:4', 'A.run:1', 'A.run:2', 'A.tied:3'])
  })
})

describe('without a compiler', () => {
  test('both shapes are told apart', async () => {
    const cache = freshCache()
    class C {
      async run(id: number) {
        return id
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(C.prototype, 'run')!
    const legacy = Cached({ cache })(C.prototype, 'run', descriptor as any) as PropertyDescriptor
    assert.deepEqual({ ...legacy, value: null }, { ...descriptor, value: null })
    assert.equal(await legacy.value(1), 1)
    const initializers: ((this: unknown) => void)[] = []
    const context: any = { kind: 'method', name: 'run', static: true, private: false, addInitializer: (one: any) => initializers.push(one) }
    const standard: any = Cached({ cache })(C.prototype.run, context)
    for (const initializer of initializers) initializer.call(C)
    assert.equal(await standard(2), 2)
    assert.deepEqual(await stored(cache), ['C.run:1', 'C.run:2'])
  })
})

describe('the options', () => {
  const invalid = (name: string, message: RegExp) => ({ name, message, code: 'ERR_INVALID_ARG' })
  const wrong = (...args: any[]) => () => Cached(...(args as [any]))

  test('are checked where the class is defined', () => {
    assert.throws(wrong('5x'), invalid('TypeError', /^ttl must be/))
    assert.throws(wrong(-1), invalid('RangeError', /^ttl must be/))
    assert.throws(wrong(null), invalid('TypeError', /^ttl must be/))
    assert.throws(wrong(1, 2), invalid('TypeError', /^namespace must be a string/))
    assert.throws(wrong({}, 'user'), invalid('TypeError', /^a namespace beside options belongs into them$/))
    assert.throws(wrong({ name: '' }), invalid('TypeError', /^options\.name must not be empty$/))
    assert.throws(wrong({ cache: {} }), invalid('TypeError', /^options\.cache must be a TypeSafeCache, got/))
    assert.throws(wrong({ redis: {} }), invalid('TypeError', /^redis must be a Redis of this package/))
    assert.throws(wrong({ redis, cache: freshCache() }), invalid('TypeError', /^options\.cache and options\.redis exclude each other$/))
  })

  test('may name a client', async () => {
    const { C } = compiled('export class C { @Cached({ redis, namespace }) async run(id) { return id } }', 'TC39', { Cached, redis, namespace: `cached${++namespaces}` })
    assert.equal(await new C().run(1), 1)
    assert.equal(await redis.command('GET', `cache:cached${namespaces}:C.run:1`), '1')
  })

  test('name none: the client of the process, made at the first call, and its successor', async () => {
    const namespace = `cached${++namespaces}`
    const { C } = compiled('export class C { @Cached(60, namespace) async run(id) { return id } @Cached() async plain() { return 1 } }', 'experimentalDecorators', { Cached, namespace })
    process.env.REDIS_URL = server.url
    try {
      assert.equal(await new C().run(1), 1)
      await closeRedis()
      assert.equal(await new C().run(2), 2)
      assert.equal(await new C().plain(), 1)
    } finally {
      await closeRedis()
      delete process.env.REDIS_URL
    }
    assert.deepEqual(await redis.command('MGET', `cache:${namespace}:C.run:1`, `cache:${namespace}:C.run:2`, 'cache:default:C.plain:'), ['1', '2', '1'])
    assert.ok((await redis.command<number>('TTL', `cache:${namespace}:C.run:1`)) <= 60)
  })
})
