/** The npm that runs the tests, else the one on PATH. */
export function npmCommand(): readonly [string, ...string[]] {
  const { npm_execpath: npm } = process.env
  return npm?.endsWith('npm-cli.js') ? [process.execPath, npm] : ['npm']
}

const NOT_THEIRS = /^(NODE_OPTIONS|NODE_ENV|NODE_TEST.*|npm_.*|REDIS_.*|REDWRIGHT_SERVER|HANDLER|OUTPUT|PORT|HOSTNAME|ORIGIN_URL|OPTIONS|CACHE_PREFIX|FORCE_COLOR)$/i

/** The environment of this process without what the tests, npm, and whoever runs them have put there for others than Next.js. */
export function plainEnvironment(more: Record<string, string | undefined> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !NOT_THEIRS.test(name))
  return { ...Object.fromEntries(kept), NEXT_TELEMETRY_DISABLED: '1', NO_COLOR: '1', ...more } as NodeJS.ProcessEnv
}
