import { Cached, type CachedMethod } from 'redwright'
import { is } from '../assert'

export class Users {
  @Cached('10m', 'user')
  async find(id: string, _deep?: boolean): Promise<{ id: string }> {
    return { id }
  }

  @Cached({ ttl: 60, name: 'Users.count' })
  static async count(_of: number): Promise<number> {
    return 1
  }

  @Cached()
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
}
