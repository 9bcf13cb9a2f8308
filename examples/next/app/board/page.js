import { cacheLife, cacheTag } from 'next/cache'
import { connection } from 'next/server'
import { Suspense } from 'react'
import { Stamp } from '../../components/stamp'
import { made } from '../../lib/made'

export default function Board() {
  return (
    <>
      <h1>Board</h1>
      <Shared />
      <Suspense fallback={<p className="stamp">A moment …</p>}>
        <Own />
      </Suspense>
    </>
  )
}

async function Shared() {
  'use cache'
  cacheLife('days')
  cacheTag('board')
  return (
    <Stamp name="board" made={made()}>
      The shell, with the tag <code>board</code>
    </Stamp>
  )
}

async function Own() {
  await connection()
  return (
    <Stamp name="own" made={made()}>
      For this request
    </Stamp>
  )
}
