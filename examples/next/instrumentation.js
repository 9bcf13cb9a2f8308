/** Runs once when the server starts, in each runtime. */
export async function register() {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { getRedis } = await import('redwright')
  const redis = getRedis()
  redis.on('ready', () => console.log('Redis is there'))
  redis.on('error', (error) => console.log(`Redis: ${error.message ?? error}`))
}
