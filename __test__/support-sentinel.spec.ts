import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askAll } from './support/resp'
import { TestSentinel } from './support/sentinel'
import { until } from './support/until'

test('three sentinels know a master, two replicas and each other, and choose another master when told to', async () => {
  await using sentinel = await TestSentinel.start()
  const [first] = sentinel.servers
  assert.equal(await sentinel.master(), first)
  assert.deepEqual(await sentinel.replicas(), sentinel.servers.slice(1))
  await first!.ask('SET', 'k', 'kept')
  for (const replica of await sentinel.replicas()) await until('copied', async () => (await replica.ask('GET', 'k')) === 'kept')
  for (const node of sentinel.sentinels) {
    const master = await node.ask('SENTINEL', 'CKQUORUM', sentinel.name)
    assert.match(master, /^OK 3 usable Sentinels/)
  }

  await sentinel.failover()
  const second = await sentinel.master()
  assert.notEqual(second, first)
  assert.deepEqual([await second.role(), await first!.role()], ['master', 'replica'])
  assert.equal(await second.ask('GET', 'k'), 'kept')
  await assert.rejects(first!.ask('SET', 'k', 1), /READONLY/)
})

test('a master that is killed or stopped is replaced, and follows when it comes back', async () => {
  await using sentinel = await TestSentinel.start({ downAfterMs: 500, password: 'data', sentinelPassword: 'watch' })
  const [first] = sentinel.servers
  const [watcher] = sentinel.sentinels
  await assert.rejects(askAll(first!.address, [['PING']]), /NOAUTH/)
  await assert.rejects(askAll({ ...watcher!.address, password: 'data' }, [['PING']]), /WRONGPASS/)

  await first!.crash()
  await sentinel.untilMasterIsNot(first!)
  await sentinel.untilConverged()
  const second = await sentinel.master()
  await first!.start()
  await sentinel.untilConverged()
  assert.deepEqual([await first!.role(), await second.role()], ['replica', 'master'])

  second.kill('SIGSTOP')
  await sentinel.untilMasterIsNot(second)
  second.kill('SIGCONT')
  await sentinel.untilConverged()
  assert.equal(await second.role(), 'replica')
})
