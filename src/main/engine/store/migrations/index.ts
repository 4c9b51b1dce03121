import type { Migrations } from '../database.ts'
import first from './001.ts'
import second from './002.ts'
import third from './003.ts'
import fourth from './004.ts'
import fifth from './005.ts'
import sixth from './006.ts'

/** In order; a released one never changes. */
export const migrations: Migrations = [first, second, third, fourth, fifth, sixth]
