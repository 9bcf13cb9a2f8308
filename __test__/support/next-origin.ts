import { serve, type HttpServer } from './http'

/** Where the example fetches from: each answer is another. */
export async function startOrigin(): Promise<HttpServer> {
  let number = 0
  return serve((_, response) => {
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({ made: { at: new Date().toISOString(), by: process.pid, number: ++number } }))
  })
}
