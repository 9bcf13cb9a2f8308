import { Cached, type CachedMethod, type Codec, type Redis, type ResilientCache, type StandardSchema, type TypeSafeCache } from 'redwright'
import { is } from './assert'

declare const cache: TypeSafeCache
declare const resilient: ResilientCache
declare const redis: Redis

export class Users {
  @Cached('10m', 'user')
  async find(id: string, _deep?: boolean): Promise<{ id: string }> {
    return { id }
  }

  @Cached({ cache, ttl: 60, name: 'Users.count' })
  static async count(_of: number): Promise<number> {
    return 1
  }

  @Cached({ redis, name: 'Users.#load' })
  async #load(this: Users, id: string): Promise<string> {
    return id
  }
  load(id: string): Promise<string> {
    return this.#load(id)
  }

  @Cached({ cache: resilient })
  async any<T>(value: T): Promise<T> {
    return value
  }

  // @ts-expect-error -- a decorated method gives a promise
  @Cached(60)
  now(): number {
    return 1
  }

  // @ts-expect-error -- a property is no method
  @Cached(60)
  property = 1
}

export async function use(users: Users): Promise<void> {
  const find = users.find as CachedMethod<typeof users.find>
  is<{ id: string }>()(await find('1', true))
  is<string>()(find.key('1'))
  is<void>()(await find.invalidate('1', true))
  is<number>()(await Users.count(1))
  // @ts-expect-error -- not its arguments
  find.key(1)
  // @ts-expect-error -- an unknown option
  Cached({ tll: 60 })
  // @ts-expect-error -- a duration without a unit
  Cached('60')
  // @ts-expect-error -- a namespace belongs into the options
  Cached({ ttl: 60 }, 'user')
}

export const hex: Codec = { id: 64, encode: (value: Uint8Array) => Buffer.from(value).toString('hex'), decode: (text: string) => Buffer.from(text, 'hex') }
export const text: StandardSchema<string> = {
  '~standard': { version: 1, vendor: 'own', validate: (value) => (typeof value === 'string' ? { value } : { issues: [{ message: 'no text' }] }) },
}
// @ts-expect-error -- a codec has an id
export const nameless: Codec = { encode: String, decode: String }
