export const config = { runtime: 'edge' }

// Its `fetch` goes through what Next.js has as a cache in the edge runtime.
export default async function handler(request) {
  const answer = await fetch(process.env.ORIGIN_URL, { next: { tags: ['origin'], revalidate: 3600 } })
  return Response.json({ ...(await answer.json()), path: new URL(request.url).pathname })
}
