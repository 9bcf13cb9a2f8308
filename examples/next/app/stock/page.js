import { cacheLife, cacheTag } from 'next/cache'
import { Stamp } from '../../components/stamp'
import { made } from '../../lib/made'

export default async function Stock() {
  'use cache'
  cacheLife('days')
  cacheTag('stock')
  return (
    <>
      <h1>Stock</h1>
      <p>
        <code>{`curl -d '{"tag":"stock","how":"max"}' localhost:3000/api/revalidate`}</code>
      </p>
      <Stamp name="stock" made={made()}>
        The whole page, with the tag <code>stock</code>
      </Stamp>
    </>
  )
}
