import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { chmodSync, constants, linkSync, lstatSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Dataset, Progress, Run } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { beginFile } from '../checkpoint/weightsFile.ts'
import { readIndex } from '../data/open.ts'
import { ProgressReporter } from '../data/progress.ts'
import { datasetPart } from '../experiments/pack/manifest.ts'
import type { Home } from '../home.ts'
import type { Store } from '../store/store.ts'
import { version } from '../version.ts'
import { arrayScript } from './arrayScript.ts'
import { writeCheckpoints } from './checkpointsFile.ts'
import { secondsOf } from './expected.ts'
import { engineParts, makeEngine } from './engineFolder.ts'
import { folderFiles, folderFormat, readRuns, readSent, tasksName, type Sent, type SentRun } from './folder.ts'
import { readmeText } from './readme.ts'
import { spreadRuns, type Spreading } from './spread.ts'

/** What is chosen for a folder. */
export interface SendOptions extends Spreading {
  /** Name of the place that its runs are at from then on. */
  place: string
  threads: number
  copies: number
  checkpointSeconds?: number
  /** A folder in which engines and datasets lie once for all that is sent to a place. */
  shared?: string
  signal: AbortSignal
  onProgress: (progress: Progress) => void
}

/** Runs that can go to another place: those that nobody trains and that have not ended. */
const sendable: ReadonlySet<Run['state']> = new Set<Run['state']>(['queued', 'paused', 'interrupted', 'unknown'])

/** Writes a file under its name once it is whole. */
function write(file: string, text: string, mode = 0o644): void {
  writeFileSync(`${file}.partial`, text, { mode })
  renameSync(`${file}.partial`, file)
}

function link(from: string, to: string): void {
  rmSync(to, { force: true })
  try {
    linkSync(from, to)
  } catch {
    copyFileSync(from, to, constants.COPYFILE_FICLONE)
  }
}

/** The dataset's files, once: links where the disk is the same. It is the one that is meant, or an error is thrown. */
function putDataset(home: Home, dataset: Dataset, folder: string): void {
  const from = home.dataset(dataset.id)
  if (existsSync(join(folder, 'index.json')) && readIndex(folder).sha256 === dataset.sha256) return
  rmSync(folder, { recursive: true, force: true })
  const partial = `${folder}.${process.pid}.partial`
  rmSync(partial, { recursive: true, force: true })
  mkdirSync(partial, { recursive: true })
  for (const name of readdirSync(from).filter((each) => datasetPart.test(each))) link(join(from, name), join(partial, name))
  // Its checksums are compared where it is opened.
  if (readIndex(partial).sha256 !== dataset.sha256)
    throw new WorkbenchError('FILE_DAMAGED', `The dataset “${dataset.name}” is not as it was imported; repair it, then send again.`)
  renameSync(partial, folder)
}

/** Where something that many folders of a place have lies once, with another name for it in this folder; without a place, here. */
function onceAt(shared: string | undefined, kind: string, key: string, here: string): string {
  if (shared === undefined) return here
  const once = join(shared, kind, key)
  mkdirSync(dirname(once), { recursive: true })
  const target = relative(dirname(here), once)
  if (lstatSync(here, { throwIfNoEntry: false }) !== undefined) {
    if (lstatSync(here).isSymbolicLink() && readlinkSync(here) === target) return once
    rmSync(here, { recursive: true, force: true })
  }
  symlinkSync(target, here)
  return once
}

/** What is sent in a folder is of one kind and stays that. */
function requireOwnFolder(folder: string, { name, experiment }: Pick<Sent, 'name' | 'experiment'>): void {
  const refuse = (message: string) => new WorkbenchError('EXPORT_EXISTS', message, { field: 'folder' })
  if (!existsSync(folder)) return
  if (!statSync(folder).isDirectory()) throw refuse(`${folder} is a file; choose a folder.`)
  if (existsSync(folderFiles(folder).sent)) {
    const other = readSent(folder)
    if (other.experiment?.id !== experiment?.id || (experiment === null && other.name !== name))
      throw refuse(
        `${folder} holds ${other.experiment === null ? 'the run' : 'the experiment'} “${other.name}”; choose another folder.`,
      )
  } else if (
    readdirSync(folder).some(
      (each) => !/^(dataset|engine|begin|results|scripts|tasks|wishes|README\.txt|.*\.(jsonl?|sh|partial))$/.test(each),
    )
  )
    throw refuse(`${folder} holds other files; choose a new folder.`)
}

/** A run that can be sent by itself. @throws WorkbenchError RUN_STATE */
function openRun(store: Store, id: string): Run {
  const run = store.runs.get(id)
  if (sendable.has(run.state) && store.runs.isOurs(id)) return run
  throw new WorkbenchError(
    'RUN_STATE',
    `The run “${run.name}” is ${run.state}, and only a paused one can be sent; pause it first.`,
    {
      field: 'run',
    },
  )
}

/** Runs of an experiment that can be sent. @throws WorkbenchError EXPERIMENT_STATE */
export function openRunsOf(store: Store, id: string): Run[] {
  const members = new Set(
    store.experiments
      .members(id)
      .flatMap(({ run, state, reused }) =>
        run !== null && reused === 0 && state !== null && sendable.has(state) && store.runs.isOurs(run) ? [run] : [],
      ),
  )
  const runs = [...members].map((run) => store.runs.get(run)).filter((run) => run.experiment?.id === id)
  if (runs.length > 0) return runs
  const { name } = store.experiments.get(id)
  throw new WorkbenchError('EXPERIMENT_STATE', `No run of “${name}” waits or is paused, so there is nothing to send.`, {
    field: 'experiment',
  })
}

/**
 * Writes runs into a folder that explains itself, with all that is needed to train them elsewhere. From then on they are there: nothing
 * of them is trained here until they come back. Sent again, a folder is brought up to date.
 * @param what whose open runs, an experiment's or one by itself
 * @returns how many runs were sent, and in how many tasks
 * @throws WorkbenchError EXPERIMENT_STATE, EXPORT_EXISTS, EXPORT_UNWRITABLE, FILE_DAMAGED, FILE_UNSUPPORTED; the signal's reason
 */
export async function sendRuns(
  { store, home }: { store: Store; home: Home },
  what: { experiment: string } | { run: string },
  folder: string,
  options: SendOptions,
): Promise<{ runs: string[]; tasks: number; bytes: number }> {
  const { signal, onProgress, threads, copies, place, shared } = options
  const runs = 'run' in what ? [openRun(store, what.run)] : openRunsOf(store, what.experiment)
  const found = 'run' in what ? null : store.experiments.get(what.experiment)
  const experiment = found === null ? null : { id: found.id, plan: found.plan }
  const name = found?.name ?? runs[0]!.name
  const dataset = store.datasets.get(runs[0]!.datasetId)
  requireOwnFolder(folder, { name, experiment })
  const files = folderFiles(folder)
  const progress = new ProgressReporter(onProgress)
  try {
    for (const each of [files.results, files.wishes, dirname(files.begin('')), dirname(files.tasks('x'))])
      mkdirSync(each, { recursive: true })
    let done = 0
    const made = await engineParts()
    const engine = await makeEngine(onceAt(shared, 'engines', made.key, files.engine), made, signal, (bytes) =>
      progress.update('Making the engine', (done += bytes), done, 'bytes'),
    )
    putDataset(home, dataset, onceAt(shared, 'datasets', dataset.sha256.slice(0, 16), files.dataset))
    const open = new Set(runs.map((run) => run.id))
    // Those that were sent before are there still.
    const lines = (existsSync(files.sent) ? readRuns(folder) : [])
      .filter(({ run }) => !open.has(run))
      .map((each) => JSON.stringify(each))
    for (const [index, run] of runs.entries()) {
      signal.throwIfAborted()
      lines.push(JSON.stringify(sentRun(home, run, files)))
      if (index % 100 === 99) {
        progress.update('Writing runs', index + 1, runs.length, 'runs')
        await setImmediate()
      }
    }
    const tasks = spreadRuns(runs, secondsOf(store, dataset, threads), options)
    const sent: Sent = {
      format: 'autoencoder-workbench-task-folder',
      formatVersion: folderFormat,
      workbench: version,
      sentAt: new Date().toISOString(),
      name,
      experiment,
      dataset,
      threads,
      copies,
      checkpointSeconds: options.checkpointSeconds ?? 60,
    }
    write(files.runs, `${lines.join('\n')}\n`)
    const ids = tasks.map((task) => task.map((run) => run.id)),
      tasksFile = tasksName(ids)
    write(files.tasks(tasksFile), JSON.stringify(ids))
    write(files.readme, readmeText(sent, runs.length, tasks.length, engine))
    write(
      files.script,
      arrayScript({
        name,
        tasks: tasks.length,
        tasksFile: `tasks/${tasksFile}`,
        threads,
        glibc: engine.glibc,
      }),
      0o755,
    )
    chmodSync(files.script, 0o755)
    write(files.sent, `${JSON.stringify(sent, null, 2)}\n`)
    signal.throwIfAborted()
    const gone = store.transaction(() =>
      runs
        .map(({ id }) => id)
        // It took a while: what became of a run meanwhile stays.
        .filter((id) => store.runs.has(id) && sendable.has(store.runs.get(id).state))
        .map((id) => {
          leaveOther(store.runs.sentTo(id), folder, id)
          store.runs.update(id, {
            state: 'submitted',
            place,
            sentTo: folder,
            journal: store.runs.sentTo(id) === folder ? store.runs.journal(id) : null,
            endedAt: null,
            error: null,
            goesOn: 0,
          })
          return id
        }),
    )
    return { runs: gone, tasks: tasks.length, bytes: engine.bytes + dataset.bytes }
  } catch (thrown) {
    if (thrown instanceof WorkbenchError || !('code' in (thrown as object))) throw thrown
    throw new WorkbenchError(
      'EXPORT_UNWRITABLE',
      `The experiment cannot be written to ${folder} (${(thrown as Error).message}); choose another folder, or make room.`,
      { field: 'folder', cause: thrown },
    )
  }
}

/** A task that has the run in another folder is told to leave it. */
function leaveOther(before: string | null, folder: string, run: string): void {
  if (before === null || before === folder || !existsSync(before)) return
  const wish = folderFiles(before).wish(run)
  mkdirSync(dirname(wish), { recursive: true })
  writeFileSync(wish, 'cancel\n')
}

/** A run's line, with what it goes on from or begins with put into the folder. */
function sentRun(home: Home, run: Run, files: ReturnType<typeof folderFiles>): SentRun {
  const { id, name, variant, seed, config } = run
  const begin = beginFile(home.run(id)),
    begins = existsSync(begin)
  if (begins) link(begin, files.begin(id))
  rmSync(files.wish(id), { force: true })
  // What it was trained elsewhere meanwhile, and is not collected yet, is further than what is here.
  if (!existsSync(files.journal(id))) writeCheckpoints(files.checkpoints(id), id, home.run(id))
  return {
    run: id,
    name,
    variant,
    seed,
    config,
    ...(run.threads === null ? {} : { threads: run.threads }),
    ...(begins ? { begins } : {}),
  }
}
