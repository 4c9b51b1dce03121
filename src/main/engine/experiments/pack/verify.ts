import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { skippedSchema, type Dataset, type Run, type Skipped } from '../../../../shared/domain.ts'
import { WorkbenchError } from '../../../../shared/errors.ts'
import { parseJson } from '../../../../shared/json.ts'
import { manifestLimits } from '../../../../shared/limits.ts'
import { foreignIn, identityOf } from '../../checkpoint/belongs.ts'
import { takesShape, valuesText } from '../../checkpoint/inputShape.ts'
import { verifyCheckpoint } from '../../checkpoint/sound.ts'
import { readShapes } from '../../checkpoint/safetensors.ts'
import { damagedFile } from '../../data/byte-stream.ts'
import { checkFiles, readChecksums } from '../../data/checksums.ts'
import { fingerprint } from '../../data/finish.ts'
import { files } from '../../data/index-file.ts'
import { damageIn, openDataset, rowPaths } from '../../data/open.ts'
import type { PackedDataset } from '../../data/packed.ts'
import { ProgressReporter } from '../../data/progress.ts'
import { eachOf } from './eachOf.ts'

/** What can be counted again of a dataset: its row says the same as its files, or the same as the row of the equal one that is here. */
const names = {
  kind: 'kind',
  count: 'count',
  testCount: 'test part',
  validationCount: 'validation part',
  width: 'width',
  height: 'height',
  channels: 'channels',
  bytes: 'size',
  classes: 'classes',
  classCounts: 'counts of its classes',
} as const satisfies Partial<Record<keyof Dataset, string>>
type Facts = Pick<Dataset, keyof typeof names>

/** Error: FILE_DAMAGED where a packed experiment says of its dataset what that is not. */
export function requireSameFacts(file: string, said: Facts, found: Facts): void {
  for (const [key, name] of Object.entries(names)) {
    const [theirs, ours] = [said, found].map((facts) => JSON.stringify(facts[key as keyof Facts]))
    if (theirs !== ours)
      throw damagedFile(file, `it says that the ${name} of its dataset is ${short(theirs!)}, and it is ${short(ours!)}`)
  }
}

const short = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text)

function factsOf({ kind, count, test, validation, width, height, channels, classes, labels, rowSize }: PackedDataset): Facts {
  const classCounts = classes.map(() => 0)
  for (const label of labels ?? []) if (label >= 0) classCounts[label]! += 1
  const bytes = count * rowSize * (kind === 'image' ? 1 : 4)
  const parts = { testCount: test.length, validationCount: validation.length }
  return { kind, count, ...parts, width, height, channels, bytes, classes: [...classes], classCounts }
}

/**
 * Compares a dataset's folder that was just taken out of a packed experiment with what that says of it.
 * @returns what its import left out
 * @throws WorkbenchError FILE_DAMAGED; the signal's reason
 */
export async function verifyDataset(file: string, folder: string, said: Dataset, signal: AbortSignal): Promise<Skipped[]> {
  const opened = openUnpacked(file, folder)
  try {
    const sha256 = await fingerprint(join(folder, files.pixels), opened, opened, new ProgressReporter(undefined), signal)
    if (sha256 !== said.sha256) throw damagedFile(file, 'its images are others than those that it names')
    requireSameFacts(file, said, factsOf(opened))
    const checksums = readChecksumsOf(file, folder),
      wrong = checksums === null ? [] : await checkFiles(folder, checksums, signal)
    if (wrong.length > 0) throw damagedFile(file, `of its dataset, ${wrong[0]}`)
    if (opened.count > 0) rowPaths(folder, [0, opened.count - 1])
  } finally {
    opened.close()
  }
  return eachOf(skippedSchema).parse(parseJson(readFileSync(join(folder, files.skipped)), manifestLimits))
}

function openUnpacked(file: string, folder: string): ReturnType<typeof openDataset> {
  try {
    return openDataset(folder, { resident: false })
  } catch (thrown) {
    // Its own sentence names a folder that is gone in a moment, and nothing there can be repaired.
    const why = damageIn(thrown)
    throw why === null ? thrown : damagedFile(file, `of its dataset, ${why}`, thrown)
  }
}

function readChecksumsOf(file: string, folder: string): ReturnType<typeof readChecksums> {
  try {
    return readChecksums(folder)
  } catch (cause) {
    throw damagedFile(file, `of its dataset, ${(cause as Error).message}`, cause)
  }
}

/**
 * Reads a checkpoint that was just taken out of a packed experiment: it is whole and finite, and of that run on that dataset.
 * @param part its name in the packed experiment
 * @throws WorkbenchError FILE_DAMAGED; the signal's reason
 */
export async function verifyUnpacked(
  file: string,
  part: string,
  checkpoint: string,
  run: Run,
  dataset: Dataset,
  signal: AbortSignal,
): Promise<void> {
  const refuse = (why: string, cause?: unknown) => damagedFile(file, `the checkpoint ${part} ${why}`, cause)
  try {
    const { inputShape } = await verifyCheckpoint(checkpoint, signal)
    const foreign = foreignIn(readShapes(checkpoint).metadata, identityOf(run, dataset))
    if (foreign !== null) throw refuse(`is ${foreign}, and not of “${run.name}”`)
    const { network } = run.config
    if (!takesShape(network, inputShape, dataset))
      throw refuse(`takes ${valuesText(network, inputShape)}, and a row of the dataset has ${valuesText(network, dataset)}`)
  } catch (thrown) {
    if (!(thrown instanceof WorkbenchError) || !thrown.code.startsWith('CHECKPOINT_')) throw thrown
    // Its own sentence names a file that is gone in a moment.
    const why = /\((.*)\);/.exec(thrown.message)?.[1]
    throw refuse(`cannot be read: ${why ?? 'it does not hold what its run needs'}`, thrown)
  }
}
