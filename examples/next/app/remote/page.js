import { cacheLife, cacheTag } from 'next/cache'
import { connection } from 'next/server'
import { Suspense } from 'react'
import { Stamp } from '../../components/stamp'
import { made } from '../../lib/made'

export default function Remote() {
  return (
    <>
      <h1>Remote</h1>
      <Suspense fallback={<p className="stamp">A moment …</p>}>
        <Own />
      </Suspense>
    </>
  )
}

async function Own() {
  await connection()
  return (
    <>
      <Stamp name="remote" made={await shared()}>
        A result that all instances share, with the tag <code>remote</code>
      </Stamp>
      <Stamp name="brief" made={await brief()}>
        Another, for three seconds
      </Stamp>
      <Stamp name="own" made={made()}>
        For this request
      </Stamp>
    </>
  )
}

async function shared() {
  'use cache: remote'
  cacheLife('days')
  cacheTag('remote')
  return made()
}

async function brief() {
  'use cache: remote'
  cacheLife({ stale: 30, revalidate: 3, expire: 3600 })
  return made()
}
