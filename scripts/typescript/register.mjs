// Lets Node run the TypeScript of the tests: `node --import ./scripts/typescript/register.mjs file.ts`. Only `.ts` files are
// touched, so that the tests meet the product's own files exactly as a user's Node does.

import { register } from 'node:module'

register('./hooks.mjs', import.meta.url)
