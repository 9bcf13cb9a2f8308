import { cachedRoute, rateLimit } from 'redwright/next'
import { made } from '../../../../lib/made'
import { limiter, products, tags } from '../../../../lib/redwright'

const read = cachedRoute(products, { ttl: '10m', staleTtl: '1h', tags: ({ id }) => ['products', `product:${id}`] }, async (request, { params }) => {
  const { id } = await params
  return { id, made: made() }
})

export async function GET(request, context) {
  // Where a proxy stands in front: { trustedProxies: 1 }, which counts by address.
  const who = request.headers.get('x-api-key') ?? 'anybody'
  const refused = await rateLimit(request, limiter, { limit: 20, period: '1m' }, { key: who })
  return refused ?? read(request, context)
}

/** On all instances, with the next request. */
export async function DELETE(request, { params }) {
  const { id } = await params
  return Response.json({ deleted: await tags.invalidateByTag(`product:${id}`) })
}
