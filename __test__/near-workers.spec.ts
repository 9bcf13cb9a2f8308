import assert from 'node:assert/strict'
import { once } from 'node:events'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { test } from 'node:test'
import { Redis, TypeSafeCache } from '../index.js'
import { root } from './support/root'
import { realServer } from './support/servers'

const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads')
const { Redis, TypeSafeCache } = require(workerData.entry)
async function run() {
  const redis = await Redis.connect(workerData.url)
  const cache = new TypeSafeCache(redis, { namespace: 'workers', near: true })
  let hits = 0
  parentPort.on('message', async (expected) => {
    if (expected === null) {
      await redis.close()
      parentPort.postMessage(hits)
      return parentPort.close()
    }
    // Until what was written elsewhere is known here, and a copy of it is there.
    while ((await cache.get('k')) !== expected || cache.peek('k') !== expected);
    hits = cache.metrics().nearHits
    parentPort.postMessage(expected)
  })
  parentPort.postMessage('ready')
}
run()`

test('copies in memory of each thread are its own, and all hear of every change', async () => {
  await using server = await realServer()
  await using redis = await Redis.connect(server.url)
  const cache = new TypeSafeCache(redis, { namespace: 'workers', near: true })
  const workerData = { entry: path.join(root, 'index.js'), url: server.url }
  const workers = Array.from({ length: 3 }, () => new Worker(PROGRAM, { eval: true, workerData }))
  await Promise.all(workers.map((worker) => once(worker, 'message')))
  for (let round = 0; round < 10; round++) {
    await cache.set('k', round)
    const answers = workers.map((worker) => once(worker, 'message'))
    for (const worker of workers) worker.postMessage(round)
    assert.deepEqual(await Promise.all(answers), workers.map(() => [round]))
    assert.equal(await cache.get('k'), round)
  }
  // One that ends takes nothing of the others with it.
  await workers.pop()!.terminate()
  await cache.set('k', 'last')
  for (const worker of workers) {
    const answer = once(worker, 'message')
    worker.postMessage('last')
    assert.deepEqual(await answer, ['last'])
    const ended = once(worker, 'exit')
    const hits = once(worker, 'message')
    worker.postMessage(null)
    assert.ok((await hits)[0] > 0)
    await ended
  }
})
