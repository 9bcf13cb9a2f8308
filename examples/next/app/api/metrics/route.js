import { connection } from 'next/server'
import { nextCacheMetrics } from 'redwright/next'
import { made } from '../../../lib/made'

export async function GET() {
  await connection()
  return Response.json({ made: made(), cache: nextCacheMetrics() })
}
