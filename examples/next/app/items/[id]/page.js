import { cacheLife, cacheTag } from 'next/cache'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { Stamp } from '../../../components/stamp'
import { made } from '../../../lib/made'

/** The build makes these; the others are made when somebody asks for them. */
export function generateStaticParams() {
  return [{ id: '1' }, { id: '2' }]
}

// An item that nobody has asked for yet is waited for: there is nothing to show before.
export const instant = false

export default async function Item({ params }) {
  const { id } = await params
  const item = await find(id)
  if (item === null) notFound()
  return (
    <>
      <h1>{item.title}</h1>
      <Stamp name="item" made={item.made}>
        With the tags <code>items</code> and <code>item-{id}</code>
      </Stamp>
      <p className="row">
        {['1', '2', '3', '4'].map((other) => (
          <Link key={other} href={`/items/${other}`}>
            Item {other}
          </Link>
        ))}
      </p>
    </>
  )
}

async function find(id) {
  'use cache'
  cacheLife('days')
  cacheTag('items', `item-${id}`)
  return /^\d+$/.test(id) ? { title: `Item ${id}`, made: made() } : null
}
