import { availableParallelism } from 'node:os'
import { variantInfos } from '../variants/index.ts'
import { version } from '../version.ts'
import type { Context, Handlers } from './context.ts'

/** What the engine says of itself and of what it can train. */
export const engineHandlers = ({ home, queue, folderDialog }: Context) => ({
  'engine.status': () => ({ version, home: home.folder, node: process.version, cores: availableParallelism(), trainers: queue.settings.get().trainers, folderDialog }),
  'variants.list': () => ({ variants: variantInfos() }),
} satisfies Partial<Handlers>)
