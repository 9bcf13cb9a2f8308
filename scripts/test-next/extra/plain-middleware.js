import { NextResponse } from 'next/server'

// Of an application that uses nothing of Redwright there: it builds and runs as it did before.

export const config = { matcher: '/stock' }

export function middleware() {
  const response = NextResponse.next()
  response.headers.set('x-middleware-ran', 'yes')
  return response
}
