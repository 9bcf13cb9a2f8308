import { unstable_cache as keep } from 'next/cache'
import { connection } from 'next/server'
import { Suspense } from 'react'
import { Stamp } from '../../components/stamp'
import { made } from '../../lib/made'

/** Whatever answers with `{ at, by, number }`. This application does. */
const ORIGIN = process.env.ORIGIN_URL ?? `http://127.0.0.1:${process.env.PORT ?? 3000}/api/metrics`

const kept = keep(async () => made(), ['kept'], { tags: ['kept'], revalidate: 3600 })

export default function Data() {
  return (
    <>
      <h1>Data</h1>
      <Suspense fallback={<p className="stamp">A moment …</p>}>
        <Own />
      </Suspense>
    </>
  )
}

async function Own() {
  await connection()
  const [tagged, timed, result] = await Promise.all([
    load(`${ORIGIN}?tagged`, { tags: ['origin'], revalidate: 3600 }),
    load(`${ORIGIN}?timed`, { revalidate: 3 }),
    kept(),
  ])
  return (
    <>
      <Stamp name="tagged" made={tagged}>
        fetch with the tag <code>origin</code>
      </Stamp>
      <Stamp name="timed" made={timed}>
        fetch for three seconds
      </Stamp>
      <Stamp name="kept" made={result}>
        unstable_cache with the tag <code>kept</code>
      </Stamp>
      <Stamp name="own" made={made()}>
        For this request
      </Stamp>
    </>
  )
}

async function load(url, next) {
  const response = await fetch(url, { next })
  if (!response.ok) throw new Error(`the origin answered ${response.status}`)
  const { made } = await response.json()
  return made
}
