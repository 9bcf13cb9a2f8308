import { it } from 'node:test'
import { tool } from './support/packed'

it('the types say what they should (npm run test:types)', () => tool('typescript', 'bin/tsc', ['-p', '__test__/types']))
