import { cacheLife, cacheTag } from 'next/cache'
import { made } from '../../../lib/made'

/** Made by the build, as a page is, and again when its tag is invalidated. */
export async function GET() {
  return Response.json({ made: await feed() })
}

async function feed() {
  'use cache'
  cacheLife('days')
  cacheTag('feed')
  return made()
}
