import { createClients, getRedis, type Health, Redis, RedwrightError, type RedwrightErrorCode, type ServerInfo } from 'redwright'
import { startServer } from 'redwright/testing'
import { is } from './assert'

export async function right(): Promise<void> {
  new Redis()
  new Redis('redis://localhost')
  const redis = await Redis.connect({ host: 'localhost', port: 6379, connectTimeout: '2s', reconnect: { minMs: 10 } })
  is<unknown>()(await redis.command('GET', 'key'))
  is<string | null>()(await redis.command<string | null>('SET', 'key', new Uint8Array(1), 'PX', 60_000))
  is<'PONG'>()(await redis.ping())
  is<Health>()(await redis.health({ timeoutMs: 100 }))
  redis.on('ready', ({ server }) => is<ServerInfo>()(server))
  redis.once('error', (error) => is<RedwrightError>()(error)).off('close', () => {})
  is<Redis>()(redis.duplicate({ db: 1 }))
  new Redis({ url: 'rediss://host', tls: true, credentials: () => ({ password: 'a' }) })
  new Redis({ tls: { ca: ['a', new Uint8Array(1)] as const, cert: 'b', key: Buffer.from('c'), servername: 'd' }, credentials: async () => ({ username: 'a', password: 'b', ttlMs: '1h' }) })
  is<Redis>()(getRedis())
  is<Redis>()(createClients().subscriber)
  await using server = await startServer({ args: ['--maxmemory', '10mb'] })
  await using other = await Redis.connect(server.url)
  void other
}

export function code(error: RedwrightError): RedwrightErrorCode {
  if (error.code === 'ERR_TIMEOUT' && error.maybeExecuted) return error.code
  // @ts-expect-error -- no such code
  if (error.code === 'ERR_TIME_OUT') return error.code
  return 'ERR_INTERNAL'
}

export async function wrong(): Promise<void> {
  // @ts-expect-error -- an option of another client
  new Redis({ maxRetriesPerRequest: 3 })
  // @ts-expect-error -- a port is a number
  new Redis({ port: '6379' })
  // @ts-expect-error -- certificates are always checked
  new Redis({ tls: { rejectUnauthorized: false } })
  // @ts-expect-error -- a password is needed
  new Redis({ credentials: () => ({ username: 'a' }) })
  const redis = new Redis()
  // @ts-expect-error -- an object is no argument
  await redis.command('SET', 'key', { a: 1 })
  // @ts-expect-error -- no such event
  redis.on('redy', () => {})
  // @ts-expect-error -- read only
  redis.status = 'ready'
}
