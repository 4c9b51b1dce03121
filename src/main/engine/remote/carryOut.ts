import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { toErrorInfo, WorkbenchError } from '../../../shared/errors.ts'
import { folderFiles, readRuns, readSent, readTasks } from './folder.ts'
import { hasVectorUnits, machineLine } from './node.ts'
import { TaskRun, type Ended } from './taskRun.ts'

/** Told to leave, it has saved, and goes on when it is started again. */
const goOn = 75

const leave = new AbortController()
for (const signal of ['SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => leave.abort())

const tell = (line: string): void => void process.stdout.write(`${line}\n`)

/** Runs of this task, by what it was started with. */
function chosen(folder: string): string[] {
  const { values } = parseArgs({
    options: {
      folder: { type: 'string' },
      runs: { type: 'string' },
      task: { type: 'string' },
      tasks: { type: 'string' },
    },
  })
  if (values.runs !== undefined) return values.runs.split(',').filter((run) => run !== '')
  const tasks = readTasks(resolve(folder, values.tasks ?? ''))
  const index = Number(values.task)
  if (!Number.isInteger(index) || tasks[index] === undefined)
    throw new WorkbenchError(
      'USAGE',
      `There is no task ${values.task ?? ''} in this folder; it has those from 0 to ${tasks.length - 1}.`,
    )
  return tasks[index]
}

/** The folder's dataset on a disk of this machine, for this task; where no such disk is named, as it lies. */
function datasetOf(folder: string, scratch: string, isLocal: boolean): string {
  const { dataset } = folderFiles(folder)
  if (!isLocal) return dataset
  const copy = join(scratch, 'dataset')
  try {
    cpSync(dataset, copy, { recursive: true, dereference: true })
    return copy
  } catch (thrown) {
    // A small disk is no reason to: it is read where it lies.
    tell(`The dataset is read from the shared folder: ${toErrorInfo(thrown).message}`)
    rmSync(copy, { recursive: true, force: true })
    return dataset
  }
}

/** Loads TensorFlow's library in a process of its own, once: better one sentence than every run that dies. */
async function requireLibraries(): Promise<void> {
  const script = fileURLToPath(new URL('../trace/tensorflow.ts', import.meta.url))
  try {
    await promisify(execFile)(process.execPath, [script])
  } catch (thrown) {
    const { stderr = '', signal } = thrown as { stderr?: string; signal?: string | null }
    const why =
      /^\s*(?:Error: )?(.*(?:GLIBC|GLIBCXX|CXXABI|\.so|cannot open).*)$/m.exec(stderr)?.[1] ?? signal ?? 'it cannot be loaded'
    throw new WorkbenchError(
      'FILE_UNSUPPORTED',
      `TensorFlow's library does not run on ${hostname()} (${why.slice(0, 300)}); choose other nodes.`,
    )
  }
}

/** A folder of this task on the first disk that can be written; a login session's own may not be there on a node. */
function scratchOf(named: readonly (string | undefined)[]): { disk: string | null; scratch: string } {
  for (const disk of named) {
    if (disk === undefined || disk === '') continue
    try {
      mkdirSync(disk, { recursive: true })
      return { disk, scratch: mkdtempSync(join(disk, 'workbench-task-')) }
    } catch (thrown) {
      tell(`${disk} cannot be used here: ${toErrorInfo(thrown).message}`)
    }
  }
  return { disk: null, scratch: mkdtempSync('/tmp/workbench-task-') }
}

const words: Record<Ended, string> = {
  over: 'nothing is left to do',
  later: 'goes on later',
  taken: 'another task has it',
}

/** Carries the task out that this process was started for. @returns its exit code; it throws what is wrong */
export async function carryOut(): Promise<number> {
  const given = process.argv[process.argv.indexOf('--folder') + 1] ?? ''
  if (!process.argv.includes('--folder')) throw new WorkbenchError('USAGE', 'Say which folder, with --folder F.')
  const folder = realpathSync(given)
  tell(machineLine())
  if (!hasVectorUnits())
    throw new WorkbenchError(
      'FILE_UNSUPPORTED',
      `TensorFlow's library needs a processor with AVX, which ${hostname()} has not; ask for others.`,
    )
  const worker = process.env['WORKBENCH_WORKER'] ?? fileURLToPath(new URL('../jobs/worker.ts', import.meta.url))
  if (process.env['WORKBENCH_WORKER'] === undefined) await requireLibraries()
  const sent = readSent(folder)
  const runs = readRuns(folder, chosen(folder))
  // A job's own temporary folder, on a disk of the node.
  const { disk, scratch } = scratchOf([process.env['WORKBENCH_SCRATCH'], process.env['SLURM_TMPDIR'], process.env['TMPDIR']])
  const { SLURM_ARRAY_JOB_ID: array, SLURM_ARRAY_TASK_ID: task, SLURM_JOB_ID: job } = process.env
  try {
    const dataset = datasetOf(folder, scratch, disk !== null)
    mkdirSync(folderFiles(folder).results, { recursive: true })
    let left = false,
      broken = false
    const parts = {
      folder,
      sent,
      dataset,
      scratch,
      worker,
      job: array ? `${array}_${task}` : (job ?? null),
      host: hostname(),
      tell,
      leave: leave.signal,
    }
    for (const run of runs) {
      try {
        const ended = await new TaskRun(parts, run).train()
        tell(`${run.name} (${run.run}): ${words[ended]}`)
        left ||= ended === 'later'
      } catch (thrown) {
        // What keeps one run from being written down need not keep the next one.
        broken = true
        tell(`${run.name} (${run.run}) cannot go on here, and can be started again: ${toErrorInfo(thrown).message}`)
      }
      if (leave.signal.aborted) break
    }
    return broken ? 1 : left || leave.signal.aborted ? goOn : 0
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
