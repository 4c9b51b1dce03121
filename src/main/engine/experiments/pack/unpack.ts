import { thousands } from '../../../../shared/words.ts'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { decodeForeign } from '../../../../shared/codec.ts'
import {
  previewSchema,
  seriesSchema,
  type Dataset,
  type Progress,
  type Run,
  type Series,
  type Skipped,
} from '../../../../shared/domain.ts'
import { WorkbenchError } from '../../../../shared/errors.ts'
import { documentLimits, LimitError, manifestLimits, packedRowsLimits } from '../../../../shared/limits.ts'
import { isUnderWay } from '../../../../shared/runStates.ts'
import { claim } from '../../claims.ts'
import { damagedFile } from '../../data/byte-stream.ts'
import { ProgressReporter } from '../../data/progress.ts'
import { requireRoom } from '../../data/room.ts'
import { freeBytesOf } from '../../files/disk.ts'
import { folderBytes } from '../../folderBytes.ts'
import type { Home } from '../../home.ts'
import { newId } from '../../store/ids.ts'
import type { PointRow } from '../../store/points.ts'
import type { Space } from '../../space/space.ts'
import type { Store } from '../../store/store.ts'
import { eachOf } from './eachOf.ts'
import { packedExperimentSchema, packedRunSchema } from './manifest.ts'
import { PackReader } from './reader.ts'
import { requireSameFacts, verifyDataset, verifyUnpacked } from './verify.ts'

interface Parts {
  store: Store
  home: Home
  space: Space
}
interface Options {
  signal: AbortSignal
  onProgress: (progress: Progress) => void
}

/** A run from the file: its row; its curves and pictures lie in its folder until they are stored. */
interface UnpackedRun {
  was: string
  id: string
  run: Run
  version: string | null
}

/** Of rows that nobody is to see yet: should the engine die now, its successor deletes them as removed long ago. */
const hidden = new Date(0).toISOString()
/** Where in a run's folder what belongs into the database waits. */
const rowsFolder = 'unpacked'
const pointsAtOnce = 50_000

/**
 * Takes an experiment out of a file that `packExperiment` wrote: everything is read, compared with its checksum and understood
 * before anything is stored, and then all of it is stored or nothing. Ids that are taken here get new ones. Its dataset is the
 * one with the same fingerprint, whatever its name, else the one in the file.
 * @returns ids of the experiment and its runs, and of the dataset where that is new
 * @throws WorkbenchError PATH_MISSING, FILE_DAMAGED, FILE_UNSUPPORTED, PACK_DATASET, DISK_FULL; the signal's reason.
 */
export async function unpackExperiment(
  { store, home, space }: Parts,
  file: string,
  { signal, onProgress }: Options,
): Promise<{ experiment: string; runs: string[]; dataset: string | null }> {
  const progress = new ProgressReporter(onProgress)
  let done = 0,
    total = 0
  const reader = await PackReader.open(file, (bytes) => {
    signal.throwIfAborted()
    done += bytes
    progress.update('Unpacking', done, total, 'bytes')
  })
  const { manifest } = reader
  total = manifest.parts.reduce((sum, { bytes }) => sum + bytes, 0)
  const existing = store.datasets.findByFingerprint(manifest.dataset.sha256)
  // Before anything is written: what a small file says that it holds may be more than the disk does.
  requireRoom(
    manifest.parts.reduce((sum, { name, bytes }) => (existing !== null && name.startsWith('dataset/') ? sum : sum + bytes), 0),
    freeBytesOf(home.folder) ?? Infinity,
    'The packed experiment',
    'free some space and try again',
  )
  if (existing === null && !manifest.withDataset) throw missingDataset(manifest.dataset)
  if (existing !== null) requireSameFacts(file, manifest.dataset, existing)

  /** Folders that were made, first under a temporary name. */
  const folders: string[] = []
  const claims: { release(): void }[] = []
  const newFolder = (kind: 'runs' | 'datasets', id: string): string => {
    const folder = kind === 'runs' ? home.run(id) : home.dataset(id)
    claims.push(claim(home, { kind, id }))
    folders.push(folder)
    rmSync(`${folder}.partial`, { recursive: true, force: true })
    mkdirSync(`${folder}.partial`, { recursive: true })
    return `${folder}.partial`
  }
  const stored: { runs: string[]; experiment: string | null; dataset: string | null } = {
    runs: [],
    experiment: null,
    dataset: null,
  }
  try {
    const { experiment, members } = packedExperimentSchema.parse(await reader.json('experiment.json', manifestLimits))
    const runs: UnpackedRun[] = []
    for (const was of manifest.runs) {
      const id = store.runs.find(was) === null && !existsSync(home.run(was)) ? was : newId()
      runs.push(await unpackRun(reader, file, was, id, newFolder('runs', id), signal))
    }
    const datasetId = existing?.id ?? newId()
    const skipped =
      existing === null ? await unpackDataset(reader, file, manifest.dataset, newFolder('datasets', datasetId), signal) : []
    if (existing !== null) for (const name of reader.names('dataset/')) await reader.compare(name)
    reader.requireAllRead()
    const known = new Set(manifest.runs)
    if (members.some(({ run, cell }) => (run !== null && !known.has(run)) || cell >= experiment.cells.length))
      throw damagedFile(file, 'it names runs or configurations that it does not contain')
    signal.throwIfAborted()

    // From here on nothing is wrong with the file.
    for (const folder of folders) renameSync(`${folder}.partial`, folder)
    if (existing === null) {
      const name = freeName(manifest.dataset.name, store.datasets.isTaken)
      store.datasets.insert({ ...manifest.dataset, skippedCount: skipped.length, id: datasetId, name }, skipped)
      stored.dataset = datasetId
    }
    const ids = new Map(runs.map(({ was, id }) => [was, id]))
    const experimentId = store.experiments.find(experiment.id) === null ? experiment.id : newId()
    // What waited or trained elsewhere waits here until somebody wants it.
    const isOpen = (run: Run) => isUnderWay(run.state)
    claims.push(claim(home, { kind: 'experiments', id: experimentId }))
    store.transaction(() => {
      store.experiments.insert({
        ...experiment,
        id: experimentId,
        name: freeName(experiment.name, store.experiments.isTaken),
        datasetId,
        wanted: runs.some(({ run }) => isOpen(run)) ? 'paused' : experiment.wanted,
      })
      store.experiments.markRemoved(experimentId, hidden)
    })
    stored.experiment = experimentId
    for (const { id, run, version } of runs) {
      stored.runs.push(id)
      await storeRun(
        store,
        home.run(id),
        {
          ...run,
          id,
          datasetId,
          // Of a place that somebody else has, nothing can be heard here.
          ...(isOpen(run) ? { state: 'paused', place: null } : {}),
          experiment: run.experiment?.id === experiment.id ? { id: experimentId, cell: run.experiment.cell } : null,
        },
        version,
      )
      signal.throwIfAborted()
    }
    store.transaction(() => {
      store.experiments.place(
        experimentId,
        members.map((member) => ({ ...member, run: member.run === null ? null : ids.get(member.run)! })),
      )
      store.experiments.markRemoved(experimentId, null)
      stored.runs.forEach((id) => store.runs.update(id, { removedAt: null }))
    })
    return { experiment: experimentId, runs: stored.runs, dataset: stored.dataset }
  } catch (thrown) {
    // The files first: of a full disk they may be the reason.
    for (const folder of folders) for (const left of [`${folder}.partial`, folder]) rmSync(left, { recursive: true, force: true })
    const undo = () =>
      store.transaction(() => {
        stored.runs.forEach((id) => store.runs.remove(id))
        if (stored.experiment !== null) store.experiments.remove(stored.experiment)
        if (stored.dataset !== null) store.datasets.remove(stored.dataset, manifest.dataset.name)
      })
    try {
      space.withReserveNow(undo)
    } catch (refused) {
      if (!space.met(refused)) throw refused
      // Not one page can be written even now: once there is space. What was thrown first is what the user is told.
      space.later(`unpacked ${newId()}`, undo)
    }
    if (thrown instanceof LimitError) throw damagedFile(file, `a part of it is not what it should be: ${thrown.message}`, thrown)
    if (thrown instanceof z.ZodError || thrown instanceof SyntaxError)
      throw damagedFile(file, 'a part of it does not hold what it should', thrown)
    throw thrown
  } finally {
    claims.forEach((one) => one.release())
  }
}

/** Reads and understands everything of one run; weights go into their place, rows beside them. */
async function unpackRun(
  reader: PackReader,
  file: string,
  was: string,
  id: string,
  folder: string,
  signal: AbortSignal,
): Promise<UnpackedRun> {
  const from = `runs/${was}/`
  const { run, version } = packedRunSchema.parse(await reader.json(`${from}run.json`, documentLimits))
  for (const name of reader.names(from)) {
    const rest = name.slice(from.length)
    if (rest === 'run.json') continue
    if (rest.startsWith('checkpoints/')) {
      await reader.extract(name, join(folder, rest))
      await verifyUnpacked(file, name, join(folder, rest), run, reader.manifest.dataset, signal)
      continue
    }
    const bytes = await reader.bytes(name, packedRowsLimits)
    understood(rest === 'series.bin' ? eachOf(seriesSchema) : previewSchema, bytes)
    reader.keep(bytes, join(folder, rowsFolder, rest))
  }
  return { was, id, run, version }
}

function understood<T extends z.ZodType>(schema: T, bytes: Uint8Array): z.output<T> {
  let value: unknown
  try {
    value = decodeForeign(bytes, packedRowsLimits)
  } catch (cause) {
    throw cause instanceof LimitError ? cause : new SyntaxError('no value of the shared codec', { cause })
  }
  return schema.parse(value)
}

/** Stores a run that nobody sees yet, with its curves and pictures. */
async function storeRun(store: Store, folder: string, run: Run, version: string | null): Promise<void> {
  const rows = join(folder, rowsFolder)
  store.transaction(() => {
    store.runs.adopt({ ...run, bytes: folderBytes(folder) - folderBytes(rows) }, version)
    store.runs.update(run.id, { removedAt: hidden })
  })
  const points = rowsOf(understood(eachOf(seriesSchema), readFileSync(join(rows, 'series.bin'))))
  for (let some: PointRow[] = []; ;) {
    const { done, value } = points.next()
    if (!done) some.push(value)
    if (some.length === pointsAtOnce || done) {
      store.transaction(() => store.points.insert(run.id, some))
      await setImmediate()
      some = []
    }
    if (done) break
  }
  const previews = join(rows, 'previews')
  for (const name of existsSync(previews) ? readdirSync(previews) : []) {
    store.previews.insert(run.id, understood(previewSchema, readFileSync(join(previews, name))))
    await setImmediate()
  }
  rmSync(rows, { recursive: true, force: true })
}

function* rowsOf(series: readonly Series[]): Generator<PointRow> {
  for (const { key, step, epoch, seconds, value } of series) {
    for (let i = 0; i < step.length; i++) yield { key, step: step[i]!, epoch: epoch[i]!, seconds: seconds[i]!, value: value[i]! }
  }
}

/** Takes out the images, if they are the ones that the runs were trained on. @returns what their import left out */
async function unpackDataset(
  reader: PackReader,
  file: string,
  dataset: Dataset,
  partial: string,
  signal: AbortSignal,
): Promise<Skipped[]> {
  for (const name of reader.names('dataset/')) await reader.extract(name, join(partial, name.slice('dataset/'.length)))
  return verifyDataset(file, partial, dataset, signal)
}

const missingDataset = ({ name, count, width, height, channels, kind, sha256, source }: Dataset) =>
  new WorkbenchError(
    'PACK_DATASET',
    `Its runs were trained on “${name}” (${thousands(count)} ` +
      `${kind === 'image' ? `images of ${width} × ${height}${channels === 3 ? ' in colour' : ''}` : 'rows'} from ` +
      `${source}, fingerprint ${sha256.slice(0, 12)}…), which is not here and not in the file; import the same data ` +
      'first, or pack the experiment with its images.',
    { field: 'file' },
  )

/** The name, or with a number where that is taken. */
function freeName(name: string, isTaken: (name: string) => boolean): string {
  let free = name
  for (let number = 2; isTaken(free); number += 1) free = `${name.slice(0, 190)} (${number})`
  return free
}
