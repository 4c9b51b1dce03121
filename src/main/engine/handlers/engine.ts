import { availableParallelism } from 'node:os'
import type { Recovered } from '../../../shared/experiments.ts'
import type { Recovery } from '../../../shared/recovery.ts'
import { figureInfos } from '../figures/index.ts'
import { tidied } from '../tidy.ts'
import { variantInfos } from '../variants/index.ts'
import { version } from '../version.ts'
import type { Context, Handlers } from './context.ts'

/**
 * What the engine says of itself and of what it can train.
 * @param tidying what its start removed
 * @param recovery what was recovered before it
 */
export const engineHandlers = ({ home, queue, folderDialog }: Context, tidying: Promise<Recovered>, recovery: Recovery | null) => {
  let isReported = false
  return {
    'engine.status': () => ({
      version,
      home: home.folder,
      node: process.version,
      cores: availableParallelism(),
      trainers: queue.settings.get().trainers,
      folderDialog,
      recovery,
    }),
    'engine.recovered': async () => {
      const recovered = await tidying,
        sentence = tidied(recovered)
      if (isReported || sentence === null) return { recovered: null }
      isReported = true
      return { recovered: { ...recovered, sentence } }
    },
    'variants.list': () => ({ variants: variantInfos() }),
    'figures.list': () => ({ figures: figureInfos() }),
  } satisfies Partial<Handlers>
}
