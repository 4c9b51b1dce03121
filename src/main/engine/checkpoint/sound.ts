import { thousands } from '../../../shared/words.ts'
import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { WorkbenchError } from '../../../shared/errors.ts'
import { checkpointFile, describeCheckpointFile, type CheckpointName } from './checkpoint.ts'
import { verifySafetensors } from './safetensors.ts'

/**
 * Reads a checkpoint through to its end, and keeps nothing of it: whether it is whole, what was written, of the network that it
 * describes, and made of finite numbers.
 * @returns what it says of itself
 * @throws WorkbenchError CHECKPOINT_MISSING, CHECKPOINT_DAMAGED; the signal's reason
 */
export async function verifyCheckpoint(file: string, signal?: AbortSignal): Promise<ReturnType<typeof describeCheckpointFile>> {
  const described = describeCheckpointFile(file)
  await verifySafetensors(file, signal)
  return described
}

/**
 * Refuses to go on from checkpoints that are damaged; says from what else a new run can begin.
 * @param names those that are needed; one that is not there is told by whoever reads it
 * @throws WorkbenchError CHECKPOINT_DAMAGED
 */
export async function requireSound(runFolder: string, names: readonly CheckpointName[]): Promise<void> {
  for (const name of names) {
    const file = checkpointFile(runFolder, name)
    if (!existsSync(file)) continue
    try {
      await verifyCheckpoint(file)
    } catch (cause) {
      if (!(cause instanceof WorkbenchError)) throw cause
      throw new WorkbenchError(cause.code, `${cause.message} ${await wayOut(runFolder)}`, { field: 'run', cause })
    }
  }
}

async function wayOut(runFolder: string): Promise<string> {
  const sound = await latestSound(runFolder)
  if (sound === null) return 'No other checkpoint of the run is sound; a new run with its settings ends with the same weights.'
  const { file, epoch } = sound
  const reached = thousands(Number(epoch.toFixed(1)))
  return (
    `${basename(file)}, of epoch ${reached}, is sound: a new run can begin with its weights (train --from ${file}), but not with the` +
    " optimizer's state; a new run with the same settings ends with the same weights."
  )
}

/** Of checkpoints that hold a network as it was at some time, the latest that is sound. */
async function latestSound(runFolder: string): Promise<{ file: string; epoch: number } | null> {
  const folder = join(runFolder, 'checkpoints')
  const found: { file: string; epoch: number }[] = []
  for (const name of readdirSync(folder).filter((each) => /^(best|last|snapshot-\d+)\.safetensors$/.test(each))) {
    const file = join(folder, name)
    try {
      found.push({ file, epoch: describeCheckpointFile(file).position.epoch })
    } catch {
      // That one is none.
    }
  }
  for (const each of found.sort((a, b) => b.epoch - a.epoch)) {
    if (
      each.epoch > 0 &&
      (await verifySafetensors(each.file).then(
        () => true,
        () => false,
      ))
    )
      return each
  }
  return null
}
