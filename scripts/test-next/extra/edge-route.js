import { Redis } from 'redwright'

export const config = { runtime: 'edge' }

export default async function handler() {
  const redis = await Redis.connect()
  return new Response(await redis.ping())
}
