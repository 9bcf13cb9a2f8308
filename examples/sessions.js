'use strict'

// Shows: SessionManager: a log-out that holds, writers at once, the devices of a user, another id, how many sessions a user may have.
// Run:   node examples/sessions.js

const { Redis, SessionManager } = require('redwright')

async function main() {
  const redis = await Redis.connect('embedded://')
  const sessions = new SessionManager(redis, { prefix: 'example-session', ttl: '30m', absoluteTtl: '12h', maxSessionsPerUser: 3 })

  // The id is for the cookie. It is stored nowhere.
  const phone = await sessions.create('alice', { hits: 0 }, { meta: { device: 'phone' } })
  console.log('an id of', phone.id.length, 'characters · what is read:', (await sessions.get(phone.id)).data)
  console.log('a forged one:', await sessions.get('../../etc/passwd'))

  // Those who write at once do not lose each other's changes.
  await Promise.all(Array.from({ length: 10 }, (_, i) => sessions.update(phone.id, { [`from${i}`]: true })))
  await Promise.all(Array.from({ length: 10 }, () => sessions.update(phone.id, (data) => ({ ...data, hits: data.hits + 1 }))))
  const { data } = await sessions.get(phone.id)
  console.log('ten writers:', Object.keys(data).length - 1, 'keys,', data.hits, 'hits')

  // Another id, and the old one leads there for requests that are under way.
  const { id } = await sessions.rotate(phone.id)
  console.log('by the old id:', (await sessions.get(phone.id)).handle === (await sessions.get(id)).handle ? 'the same session' : 'another')

  // The devices of a user. The list tells no ids.
  for (const device of ['tv', 'desk', 'watch']) await sessions.create('alice', {}, { meta: { device } })
  const devices = await sessions.listForUser('alice')
  console.log('four were logged in, and at most three stay so:', devices.map(({ meta }) => meta.device).sort().join(', '))
  const one = devices.at(-1)
  console.log(`the ${one.meta.device} is logged out:`, await sessions.destroyListed('alice', one.handle))

  // A log-out holds, whatever a slow request does.
  const slow = await sessions.create('alice')
  console.log('logged out everywhere:', await sessions.destroyAllForUser('alice'))
  console.log('a slow request ends:', await sessions.update(slow.id, { late: true }), '· it stays so:', await sessions.get(slow.id))

  await redis.close()
}

main()
