'use strict'

// Shows: worker threads share the process's one I/O thread; each makes its own client of the same server.
// Run:   node examples/worker-threads.js

const { Worker, isMainThread, workerData, parentPort } = require('node:worker_threads')
const { Redis, TypeSafeCache } = require('redwright')
const { startServer } = require('redwright/testing')

async function main() {
  const server = await startServer()
  const work = Array.from({ length: 4 }, (_, id) => runWorker({ id, url: server.url }))
  console.log('counted by each:', await Promise.all(work))

  const redis = await Redis.connect(server.url)
  console.log('counted by all:', await redis.command('GET', 'counter'))
  console.log('left by worker 2:', await new TypeSafeCache(redis, { namespace: 'worker' }).get('2'))
  await redis.close()
  await server.stop()
}

function runWorker(data) {
  return new Promise((resolve, reject) => {
    new Worker(__filename, { workerData: data }).once('message', resolve).once('error', reject)
  })
}

async function count({ id, url }) {
  const redis = await Redis.connect(url)
  await Promise.all(Array.from({ length: 1000 }, () => redis.command('INCR', 'counter')))
  await new TypeSafeCache(redis, { namespace: 'worker', ttl: '1m' }).set(String(id), { done: 1000 })
  await redis.close()
  parentPort.postMessage(1000)
}

if (isMainThread) main()
else count(workerData)
