import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Dataset, Run } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { foreignIn, identityOf } from '../checkpoint/belongs.ts'
import { readShapes } from '../checkpoint/safetensors.ts'
import { verifyCheckpoint } from '../checkpoint/sound.ts'
import { syncFolder } from '../files/durable.ts'
import type { Home } from '../home.ts'
import { readCheckpoints } from './checkpointsFile.ts'

/**
 * Takes a run's checkpoints over from a folder: each is whole, finite and the run's own before any of those that are here goes.
 * @returns whether there are any
 * @throws WorkbenchError CHECKPOINT_DAMAGED; what the disk throws; the signal's reason
 */
export async function takeCheckpoints(file: string, home: Home, run: Run, dataset: Dataset, signal: AbortSignal): Promise<boolean> {
  const folder = join(home.run(run.id), 'checkpoints'),
    partial = join(home.run(run.id), 'collected.partial')
  rmSync(partial, { recursive: true, force: true })
  try {
    if (!readCheckpoints(file, run.id, partial)) return false
    const names = readdirSync(partial)
    for (const name of names) {
      const checkpoint = join(partial, name)
      await verifyCheckpoint(checkpoint, signal)
      const foreign = foreignIn(readShapes(checkpoint).metadata, identityOf(run, dataset))
      if (foreign !== null)
        throw new WorkbenchError(
          'CHECKPOINT_DAMAGED',
          `${name} in ${file} is ${foreign}, and not of “${run.name}”; nothing of it was taken.`,
        )
    }
    mkdirSync(folder, { recursive: true })
    // `last` says where to go on, and what came before it must be there: it comes last.
    for (const name of names.sort((a, b) => Number(a.startsWith('last')) - Number(b.startsWith('last'))))
      renameSync(join(partial, name), join(folder, name))
    for (const name of readdirSync(folder)) if (name.endsWith('.safetensors') && !names.includes(name)) rmSync(join(folder, name))
    syncFolder(folder)
    return true
  } finally {
    if (existsSync(partial)) rmSync(partial, { recursive: true, force: true })
  }
}
