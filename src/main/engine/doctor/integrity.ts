import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Dataset, Run } from '../../../shared/domain.ts'
import type { Embedding } from '../../../shared/embeddings.ts'
import { toErrorInfo } from '../../../shared/errors.ts'
import { identityOf, requireOwn } from '../checkpoint/belongs.ts'
import type { CheckpointName } from '../checkpoint/checkpoint.ts'
import { hasChecksum, verifySafetensors } from '../checkpoint/safetensors.ts'
import { checkFiles } from '../data/checksums.ts'
import { files } from '../data/index-file.ts'
import { checksumsOf, openDataset, readIndex } from '../data/open.ts'
import { checkKept, remedyOf } from '../embed/keptCodes.ts'
import type { Home } from '../home.ts'

/** Something that is not what was written. */
interface Finding {
  kind: 'dataset' | 'checkpoint' | 'codes'
  id: string
  name: string
  file: string
  problem: string
  remedy: string
}

export interface Integrity {
  findings: Finding[]
  /** How many were read whole, and of how many of these nothing says what they have to come to: versions before checksums wrote them. */
  looked: { checkpoints: number; datasets: number; codes: number; withoutChecksum: number }
}

/** What the database knows; null where it cannot be asked: then names are ids, and whose a checkpoint is cannot be told. */
export interface Known {
  runs: readonly Run[]
  datasets: readonly Dataset[]
  embeddings: readonly Embedding[]
}

interface Options {
  signal?: AbortSignal
  onProgress?: (done: number, total: number, what: string) => void
}

/**
 * Reads every checkpoint, every dataset and all kept codes of a home folder whole and compares it with its checksums. Changes
 * nothing.
 */
export async function checkIntegrity(
  home: Home,
  known: Known | null,
  { signal, onProgress = () => {} }: Options = {},
): Promise<Integrity> {
  const namesIn = (folder: string): string[] =>
    existsSync(join(home.folder, folder)) ? readdirSync(join(home.folder, folder)).sort() : []
  const result: Integrity = { findings: [], looked: { checkpoints: 0, datasets: 0, codes: 0, withoutChecksum: 0 } }
  const datasets = namesIn('datasets').filter((name) => !name.endsWith('.partial')),
    runs = namesIn('runs').filter((name) => !name.endsWith('.partial'))
  // Codes of folders are not kept.
  const codes: { id: string; embedding: Embedding | null }[] =
    known === null
      ? namesIn('embeddings')
          .filter((name) => !/\.(partial|removing)$/.test(name))
          .map((id) => ({ id, embedding: null }))
      : known.embeddings.filter(({ datasetId }) => datasetId !== null).map((embedding) => ({ id: embedding.id, embedding }))
  const total = datasets.length + runs.length + codes.length
  for (const [done, id] of datasets.entries()) {
    const name = known?.datasets.find((dataset) => dataset.id === id)?.name ?? id
    onProgress(done, total, name)
    await checkDataset(home.dataset(id), { id, name }, result, signal)
  }
  for (const dataset of known?.datasets ?? []) if (!datasets.includes(dataset.id)) result.findings.push(missing(home, dataset))
  for (const [done, id] of runs.entries()) {
    const run = known?.runs.find((each) => each.id === id)
    onProgress(datasets.length + done, total, run?.name ?? id)
    for (const file of checkpointsOf(home.run(id))) {
      signal?.throwIfAborted()
      await checkCheckpoint(
        home.run(id),
        file,
        { id, name: run?.name ?? id, run, dataset: known?.datasets.find((each) => each.id === run?.datasetId) },
        result,
        signal,
      )
    }
  }
  for (const [done, { id, embedding }] of codes.entries()) {
    const name = embedding?.name ?? id
    onProgress(datasets.length + runs.length + done, total, name)
    result.looked.codes++
    const { problem, summed } = await checkKept(home.embedding(id), embedding, signal)
    if (problem !== null) {
      const remedy = embedding === null ? 'embed again once the database can be read' : remedyOf(embedding)
      result.findings.push({ kind: 'codes', id, name, file: home.embedding(id), problem, remedy })
    } else if (!summed) result.looked.withoutChecksum++
  }
  onProgress(total, total, 'all')
  return result
}

/** By its id, which can be typed as it stands: names may hold spaces and quotation marks. */
const repaired = (id: string) =>
  `“datasets repair ${id}” imports its source again in place of its files (--path says where that lies ` +
  'now, if it was moved); runs that failed meanwhile can then be resumed'

/** What is wrong, without what its error says to do about it: each finding has one remedy. */
const problemOf = (message: string): string => /^(.*?)(?:; |\. [A-Z]|\.$)/s.exec(message)?.[1] ?? message

async function checkDataset(
  folder: string,
  { id, name }: { id: string; name: string },
  { findings, looked }: Integrity,
  signal?: AbortSignal,
): Promise<void> {
  looked.datasets++
  const found = (problem: string) => findings.push({ kind: 'dataset', id, name, file: folder, problem, remedy: repaired(id) })
  try {
    const checksums = checksumsOf(folder)
    if (checksums === null) {
      // Datasets of versions with checksums know what they were asked for.
      if (readIndex(folder).options !== undefined) return void found(`${files.checksums} is missing`)
      looked.withoutChecksum++
    } else {
      const wrong = await checkFiles(folder, checksums, signal)
      if (wrong.length > 0)
        return void found(wrong.length > 3 ? `${wrong.slice(0, 3).join(', ')}, and ${wrong.length - 3} more` : wrong.join(', '))
    }
    openDataset(folder, { resident: false }).close()
  } catch (thrown) {
    if (signal?.aborted) throw thrown
    found(problemOf(toErrorInfo(thrown).message))
  }
}

const missing = (home: Home, { id, name }: Dataset): Finding => ({
  kind: 'dataset',
  id,
  name,
  file: home.dataset(id),
  problem: 'its folder is missing',
  remedy: repaired(id),
})

function checkpointsOf(runFolder: string): string[] {
  const folder = join(runFolder, 'checkpoints')
  const files = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.safetensors'))
        .sort()
        .map((name) => join(folder, name))
    : []
  return existsSync(join(runFolder, 'begin.safetensors')) ? [...files, join(runFolder, 'begin.safetensors')] : files
}

interface Owner {
  id: string
  name: string
  run: Run | undefined
  dataset: Dataset | undefined
}

async function checkCheckpoint(
  runFolder: string,
  file: string,
  { id, name, run, dataset }: Owner,
  { findings, looked }: Integrity,
  signal?: AbortSignal,
): Promise<void> {
  looked.checkpoints++
  const which = basename(file, '.safetensors')
  const remedy = which.startsWith('snapshot-')
    ? 'remove the file: only the view of that moment is lost'
    : `restore the file from a copy, or train the run again with its settings: “runs show ${id} --config > settings.json”, then ` +
      `“train --dataset ${run?.datasetId ?? 'D'} --variant ${run?.variant ?? 'V'} --seed ${run?.seed ?? 'S'} --config settings.json”`
  try {
    await verifySafetensors(file, signal)
    if (!hasChecksum(file)) looked.withoutChecksum++
    if (run && dataset && which !== 'begin') requireOwn(runFolder, [which as CheckpointName], identityOf(run, dataset))
  } catch (thrown) {
    if (signal?.aborted) throw thrown
    const problem = problemOf(thrown instanceof Error ? thrown.message : String(thrown))
    findings.push({ kind: 'checkpoint', id, name, file, problem, remedy })
  }
}
