import { it } from 'node:test'
import { tool } from './support/packed'

it('the types say what they should (npm run test:types)', () => tool('typescript', 'bin/tsc', ['-p', '__test__/types']))

it('so they do under the older decorators', () => tool('typescript', 'bin/tsc', ['-p', '__test__/types/legacy']))
