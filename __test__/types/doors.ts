import { metrics } from '@opentelemetry/api'
import { Keyv } from 'keyv'
import { Keyv as Keyv6 } from 'keyv6'
import { Registry } from 'prom-client'
import { Redis } from 'redwright'
import { KeyvRedwright } from 'redwright/keyv'
import { instrument } from 'redwright/opentelemetry'
import { contentType, metricsText, registerWith } from 'redwright/prometheus'
import { is } from './assert.js'

const redis = new Redis()
const store = new KeyvRedwright(redis, { prefix: 'keyv', namespace: 'user', ttl: '1h', timeoutMs: 250, useKeyPrefix: false })
export async function calls(): Promise<void> {
  is<boolean>()(await store.set('a', '1', 1000))
  is<boolean[]>()(await store.hasMany(['a']))
  for await (const entry of store.iterator()) is<[string, any]>()(entry)
}
store.namespace = undefined
// @ts-expect-error: a Redis of this package
new KeyvRedwright('redis://localhost')
// @ts-expect-error: not an option
new KeyvRedwright(redis, { prefx: 'keyv' })

new Keyv(store)
new Keyv({ store, namespace: 'user' })
new Keyv6(store)
new Keyv6({ store, namespace: 'user' })

is<string>()(contentType)
is<string>()(metricsText())
is<() => void>()(registerWith(new Registry()))
// @ts-expect-error: a registry of prom-client
registerWith({})

is<() => void>()(instrument(metrics.getMeterProvider()))
is<() => void>()(instrument(metrics.getMeter('app')))
// @ts-expect-error: a meter
instrument({})
