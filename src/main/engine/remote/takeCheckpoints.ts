import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Dataset, Run } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { foreignIn, identityOf } from '../checkpoint/belongs.ts'
import { readShapes } from '../checkpoint/safetensors.ts'
import { verifyCheckpoint } from '../checkpoint/sound.ts'
import { syncTogether } from './syncTogether.ts'
import type { Home } from '../home.ts'
import { readCheckpoints } from './checkpointsFile.ts'

/**
 * Takes a run's checkpoints over from a folder: each is whole, finite and the run's own before any of those that are here goes.
 * @returns whether there are any
 * @throws WorkbenchError CHECKPOINT_DAMAGED; what the disk throws; the signal's reason
 */
export async function takeCheckpoints(file: string, home: Home, run: Run, dataset: Dataset, signal: AbortSignal): Promise<boolean> {
  const folder = join(home.run(run.id), 'checkpoints'),
    // As the next start of a workbench knows what a kill left of them.
    ending = `.${process.pid}.partial`
  const partial = (name: string): string => join(folder, name + ending)
  let names: string[] | null = null
  try {
    names = readCheckpoints(file, run.id, folder, { ending })
    if (names === null) return false
    for (const name of names) {
      await verifyCheckpoint(partial(name), signal)
      const foreign = foreignIn(readShapes(partial(name)).metadata, identityOf(run, dataset))
      if (foreign !== null)
        throw new WorkbenchError(
          'CHECKPOINT_DAMAGED',
          `${name} in ${file} is ${foreign}, and not of “${run.name}”; nothing of it was taken.`,
        )
    }
    await syncTogether(names.map(partial))
    // `last` says where to go on, and what came before it must be there: it comes last.
    for (const name of names.sort((a, b) => Number(a.startsWith('last')) - Number(b.startsWith('last'))))
      renameSync(partial(name), join(folder, name))
    for (const name of readdirSync(folder)) if (name.endsWith('.safetensors') && !names.includes(name)) rmSync(join(folder, name))
    await syncTogether([folder])
    return true
  } catch (thrown) {
    for (const name of existsSync(folder) ? readdirSync(folder) : []) if (name.endsWith(ending)) rmSync(join(folder, name))
    throw thrown
  }
}
