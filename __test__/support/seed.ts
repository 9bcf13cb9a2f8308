/** What a random test begins from: the same in every run, so that none fails by chance, unless `REDWRIGHT_SEED` names another. */
export const seed = Number(process.env['REDWRIGHT_SEED'] ?? 1)
