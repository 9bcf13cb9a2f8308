// Keyv's own tests of a storage adapter, over ours. Run by `keyv-suite.spec.ts`, which says where the server is.
import keyvTestSuite, { keyvIteratorTests } from '@keyv/test-suite'
import { Keyv } from 'keyv'
import * as vitest from 'vitest'
import { Redis } from '../../index.js'
import { KeyvRedwright } from '../../keyv.js'

const redis = new Redis(process.env.REDWRIGHT_KEYV_URL!)
vitest.afterAll(() => redis.close())

const store = () => new KeyvRedwright(redis)
keyvTestSuite(vitest as any, Keyv as any, store as any)
keyvIteratorTests(vitest as any, Keyv as any, store as any)
