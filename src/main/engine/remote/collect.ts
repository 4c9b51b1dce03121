import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import type { Dataset, Progress, Run } from '../../../shared/domain.ts'
import type { Collected } from '../../../shared/calls/experiments.ts'
import { toErrorInfo, WorkbenchError, type ErrorInfo } from '../../../shared/errors.ts'
import type { EngineEvent } from '../../../shared/events.ts'
import { isUnderWay } from '../../../shared/runStates.ts'
import { ProgressReporter } from '../data/progress.ts'
import type { Home } from '../home.ts'
import type { Log } from '../log.ts'
import type { Space } from '../space/space.ts'
import type { Store } from '../store/store.ts'
import { folderFiles, readRuns, readSent } from './folder.ts'
import { fromTheBeginning, readJournal, upTo, type Heard, type Reading } from './journal.ts'
import { replay } from './replay.ts'
import type { Said } from './said.ts'
import { stepOf } from './checkpointsFile.ts'
import { takeCheckpoints } from './takeCheckpoints.ts'

export interface CollectParts {
  store: Store
  home: Home
  space: Space
  emit: (event: EngineEvent) => void
  log: Log
}

interface CollectOptions {
  signal: AbortSignal
  onProgress?: (progress: Progress) => void
  /** Runs that are looked at; all of the folder unless given. */
  only?: readonly string[]
}

/** So many problems are told. */
const mostProblems = 100
/** Runs that are stored in one transaction. */
const together = 64

/** How far a run's journal was taken over, as it is kept with the run. */
const takenSchema = z.object({
  offset: z.int(),
  lease: z.string().nullable(),
  number: z.int(),
  past: z.array(z.string()),
  /** Of the file of checkpoints that was taken over last. */
  checkpoints: z.string(),
})
type Taken = z.infer<typeof takenSchema>
const fresh: Taken = { ...fromTheBeginning, checkpoints: '' }

const stampOf = (file: string): string => {
  const found = statSync(file, { throwIfNoEntry: false })
  return found === undefined ? '' : `${found.size} ${found.mtimeMs}`
}

/** One collection of a folder at a time. */
const busy = new Map<string, Promise<unknown>>()

/**
 * Takes over what runs of a folder have said and trained since the last time, as if they had been trained here. It can be done at
 * any time and as often as one likes. What one run lacks keeps no other from being taken over.
 * @throws WorkbenchError PATH_MISSING, FILE_UNSUPPORTED, FILE_DAMAGED, EXPERIMENT_UNKNOWN, DISK_FULL; the signal's reason
 */
export async function collectFolder(
  parts: CollectParts,
  folder: string,
  { signal, onProgress = () => {}, only }: CollectOptions,
): Promise<Collected> {
  while (busy.has(folder)) await busy.get(folder)!.catch(() => {})
  const work = collect(parts, folder, signal, onProgress, only)
  busy.set(folder, work)
  return work.finally(() => busy.delete(folder))
}

async function collect(
  parts: CollectParts,
  folder: string,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
  only?: readonly string[],
): Promise<Collected> {
  const { store } = parts
  const { name, experiment, sentAt } = readSent(folder)
  const ids = only ?? readRuns(folder).map(({ run }) => run)
  const present = ids.filter((id) => store.runs.has(id))
  if (present.length === 0)
    throw new WorkbenchError(
      'EXPERIMENT_UNKNOWN',
      `The runs in ${folder} (“${name}”, sent on ${sentAt.slice(0, 10)}) are not in this workbench: collect them where they ` +
        'were sent from, or restore them first.',
      { field: 'folder' },
    )
  const collected: Collected = {
    experiment: experiment?.id ?? null,
    runs: ids.length,
    known: present.length,
    heard: 0,
    problems: [],
    problemCount: 0,
  }
  const progress = new ProgressReporter(onProgress)
  const datasets = new Map<string, Dataset>()
  const datasetOf = (id: string): Dataset => {
    if (!datasets.has(id)) datasets.set(id, store.datasets.get(id))
    return datasets.get(id)!
  }
  /** What one run lacks is noted. */
  const look = async (id: string): Promise<News | null> => {
    try {
      const found = await newsOf(parts, folder, id, datasetOf, signal)
      if (found?.problem) note(collected, id, found.problem)
      return found
    } catch (thrown) {
      signal.throwIfAborted()
      note(collected, id, toErrorInfo(thrown))
      return null
    }
  }
  for (let from = 0; from < present.length; from += together) {
    signal.throwIfAborted()
    progress.update('Collecting', from, present.length, 'runs')
    const news = (await Promise.all(present.slice(from, from + together).map(look))).filter((each) => each !== null)
    collected.heard += news.filter(({ heard }) => heard.entries.length > 0).length
    keep(parts, news)
    await setImmediate()
  }
  progress.update('Collecting', present.length, present.length, 'runs')
  return collected
}

function note(collected: Collected, run: string, error: ErrorInfo): void {
  collected.problemCount += 1
  if (collected.problems.length < mostProblems) collected.problems.push({ run, error })
}

interface News {
  id: string
  heard: Heard
  taken: Taken
  problem: ErrorInfo | null
}

/**
 * What is new of a run; null where nothing is, or where it is no matter of this folder any more. Its weights are there before it is
 * said that it has ended: where they lack, its end is not taken over yet.
 */
async function newsOf(
  { store, home }: CollectParts,
  folder: string,
  id: string,
  datasetOf: (id: string) => Dataset,
  signal: AbortSignal,
): Promise<News | null> {
  const files = folderFiles(folder)
  const run = store.runs.get(id)
  // Whoever trains it here, or has sent it elsewhere meanwhile, knows better.
  if (run.place === null || run.newer || !belongs(store, run, folder)) return null
  const before = takenOf(store, id)
  const { checkpoints: _, ...known } = before
  let reading: Reading = known
  let heard = readJournal(files.journal(id), reading)
  if (heard.damage !== null && reading.offset > 0) {
    // A disk may lose what it had shown, and whoever goes on writes in its place: what is read twice changes nothing.
    reading = fromTheBeginning
    heard = readJournal(files.journal(id), reading)
  }
  let problem: ErrorInfo | null = null
  if (heard.damage !== null)
    problem = {
      code: 'FILE_DAMAGED',
      message: `The journal ${files.journal(id)} cannot be read on: ${heard.damage}; copy it again, or resume the run to train it here.`,
    }
  const stamp = stampOf(files.checkpoints(id))
  let checkpoints = before.checkpoints
  const ends = heard.entries.some(({ said }) => ['done', 'stopped', 'diverged', 'failed', 'died'].includes(said.type))
  if (stamp !== checkpoints && (ends || !isUnderWay(run.state) || run.state === 'unknown')) {
    try {
      if (await takeCheckpoints(files.checkpoints(id), home, run, datasetOf(run.datasetId), signal)) checkpoints = stamp
    } catch (thrown) {
      signal.throwIfAborted()
      problem = toErrorInfo(thrown)
    }
  }
  const done = heard.entries.findLastIndex(({ said }) => said.type === 'done')
  // A copy of it that had not heard of the other yet may have put back what is of before.
  const step = done < 0 ? null : stepOf(files.checkpoints(id), id)
  const isOfBefore = step !== null && step !== endOf(heard.entries[done]!.said)
  if (done >= 0 && (checkpoints !== stamp || stamp === '' || isOfBefore)) {
    problem ??= {
      code: 'CHECKPOINT_MISSING',
      message: `${run.name} has ended, and its weights are not in ${files.checkpoints(id)} yet; copy them, too, and collect again.`,
    }
    // Its end is heard once it has weights.
    const entries = heard.entries.slice(0, done)
    heard = { ...heard, entries, reading: upTo(reading, entries) }
  }
  if (heard.entries.length === 0 && checkpoints === before.checkpoints && problem === null) return null
  return { id, heard, taken: { ...heard.reading, checkpoints }, problem }
}

const endOf = (said: Said): number | null => (said.type === 'done' ? said.result.step : null)

/** Whether it was sent in this folder; one whose folder is not known (its database was lost) is taken for that. */
function belongs(store: Store, { id }: Run, folder: string): boolean {
  const sentTo = store.runs.sentTo(id)
  return sentTo === null || sentTo === folder || !existsSync(join(sentTo, 'plan.json'))
}

function takenOf(store: Store, id: string): Taken {
  const text = store.runs.journal(id)
  return text === null ? fresh : (takenSchema.safeParse(JSON.parse(text)).data ?? fresh)
}

/** Stores the news of some runs, all or nothing, and tells windows once that is done. @throws WorkbenchError DISK_FULL, INTERNAL */
function keep({ store, space, emit, log }: CollectParts, news: readonly News[]): void {
  if (news.length === 0) return
  const events: EngineEvent[] = []
  try {
    store.transaction(() => {
      for (const { id, heard, taken } of news) {
        replay({ store, emit: (event) => events.push(event), log }, id, heard.entries)
        store.runs.update(id, { journal: JSON.stringify(taken) })
      }
    })
  } catch (thrown) {
    if (!(thrown instanceof WorkbenchError) && space.met(thrown)) throw WorkbenchError.from(space.lack ?? toErrorInfo(thrown))
    throw thrown
  }
  // Of each run windows want to know how it stands in the end.
  const last = new Map(events.flatMap((event, index) => (event.type === 'run' ? [[event.run.id, index] as const] : [])))
  events.forEach((event, index) => {
    if (event.type !== 'run' || last.get(event.run.id) === index) emit(event)
  })
}
