'use strict'

// Shows: DistributedLock: waiting, a function under a lock, a lock that is lost, fencing tokens, several at once; Semaphore and ReadWriteLock.
// Run:   node examples/locks.js

const { setTimeout: sleep } = require('node:timers/promises')
const { DistributedLock, ReadWriteLock, Redis, Semaphore, fencedSet } = require('redwright')

async function main() {
  const redis = await Redis.connect('embedded://')
  const locks = new DistributedLock(redis, { prefix: 'example-lock' })

  // A lock, or null. Times are in milliseconds.
  const lock = await locks.acquire('invoice:7', 10_000)
  console.log('held:', lock.isValid(), `for ${Math.round(lock.remainingMs() / 1000)} s · another gets:`, await locks.acquire('invoice:7'))

  // Who waits is woken when it is given back.
  const next = locks.acquire('invoice:7', 10_000, { waitMs: 1_000 })
  console.log('first:', await lock.release())
  const second = await next
  console.log('the next one has a greater token:', second.fencingToken > lock.fencingToken, '·', await second.release())

  // The usual way: given back in any case, and renewed while the function runs.
  let balance = 0
  const deposit = async () => {
    const seen = balance
    await sleep(2) // a database
    balance = seen + 10
  }
  await Promise.all(Array.from({ length: 10 }, () => locks.withLock('account:7', deposit)))
  console.log('ten deposits of 10:', balance)

  // A lock that is lost says so, whatever the network does. Who did not look is refused by the token.
  const late = await locks.acquire('report', 50)
  late.signal.addEventListener('abort', () => console.log('lost:', late.signal.reason.code, late.signal.reason.reason))
  await sleep(80)
  const newer = await locks.acquire('report', 10_000)
  const save = (held, text) => fencedSet(redis, 'example-report', held.fencingToken, text, { ttl: '1m' })
  console.log('written:', await save(newer, 'new'), '· by the one who was late:', await save(late, 'old'), '·', await late.release())
  await newer.release()

  // Several at once, all or none, in one order for everybody.
  const both = await locks.acquire(['account:7', 'account:8'], 10_000)
  console.log('both:', both.resources, '· one of them:', await locks.acquire('account:8'))
  await both.release()

  // So many at once.
  const exports = new Semaphore(redis, { prefix: 'example-semaphore', permits: 2 })
  const permits = await Promise.all([1, 2, 3].map(() => exports.acquire('tenant:7')))
  console.log('permits:', permits.map((permit) => permit !== null))
  await Promise.all(permits.map((permit) => permit?.release()))

  // Many readers, or one writer.
  const index = new ReadWriteLock(redis, { prefix: 'example-rwlock' })
  const readers = await Promise.all([index.read('index'), index.read('index')])
  console.log('readers:', readers.length, '· a writer meanwhile:', await index.write('index'))
  await Promise.all(readers.map((reader) => reader.release()))
  console.log('afterwards:', await index.withWrite('index', () => 'written'))

  await redis.close()
}

main()
