export default {
  // One process and one file; nothing of it is cached or watched.
  test: { include: ['**/*.vitest.ts'], pool: 'forks', watch: false },
}
