import { NextResponse } from 'next/server'
import { getRedis } from 'redwright'

export const config = { matcher: '/stock' }

export async function middleware() {
  await getRedis().ping()
  return NextResponse.next()
}
