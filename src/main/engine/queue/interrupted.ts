import { thousands } from '../../../shared/words.ts'
import type { ErrorInfo } from '../../../shared/errors.ts'
import { checkpointEpoch } from '../checkpoint/checkpoint.ts'

/**
 * What is said of a run whose process, or whose engine, ended under it: from where it continues, and how far it had come.
 * @param what ended, as the beginning of a sentence
 * @param reached the last epoch that anything is stored of
 */
export function interruptedError(what: string, runFolder: string, reached: number): ErrorInfo {
  const epoch = checkpointEpoch(runFolder)
  const again = epoch === null || epoch === 0 ? 'begin it again' : `continue from epoch ${shown(epoch)}, its last checkpoint`
  const lost = reached > (epoch ?? 0) && shown(reached) !== shown(epoch ?? 0) ? `; it had reached epoch ${shown(reached)}` : ''
  return { code: 'RUN_FAILED', message: `${what}; resume the run to ${again}${lost}.` }
}

const shown = (epoch: number): string => thousands(Math.floor(10 * epoch) / 10)
