import { availableParallelism } from 'node:os'
import { runDoctor } from '../doctor.ts'
import { variantInfos } from '../variants/index.ts'
import { version } from '../version.ts'
import type { Context, Handlers } from './context.ts'

export const engineHandlers = ({ home, queue, folderDialog }: Context) => ({
  'engine.status': () => ({ version, home: home.folder, node: process.version, cores: availableParallelism(), trainers: queue.settings.get().trainers, folderDialog }),
  'engine.doctor': async () => ({ checks: await runDoctor(home, { holdsLock: true }) }),
  'variants.list': () => ({ variants: variantInfos() }),
} satisfies Partial<Handlers>)
