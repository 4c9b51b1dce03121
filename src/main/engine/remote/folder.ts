import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { configSchema } from '../../../shared/config.ts'
import { datasetSchema } from '../../../shared/domain.ts'
import { planSchema } from '../../../shared/experiments.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { parseJson } from '../../../shared/json.ts'
import { manifestLimits } from '../../../shared/limits.ts'
import { wishFile } from '../queue/elsewhere.ts'

/** The folder that an experiment is sent in: what lies where, and what its files say. README.txt in it says the same to people. */

export const folderFormat = 1
const id = z.string().regex(/^[a-z][a-z0-9]{1,40}$/)

const sentSchema = z.object({
  format: z.literal('autoencoder-workbench-task-folder'),
  formatVersion: z.int(),
  workbench: z.string(),
  sentAt: z.string(),
  /** Of the experiment, or of the run. */
  name: z.string(),
  /** Null where it is of single runs. */
  experiment: z.object({ id, plan: planSchema }).nullable(),
  dataset: datasetSchema,
  /** Of each training. */
  threads: z.int().min(1),
  /** Copies of its weights that a run keeps. */
  copies: z.int().min(1),
  /** How often a task puts a run's checkpoints into the folder, in seconds at least. */
  checkpointSeconds: z.number().min(0),
})
export type Sent = z.infer<typeof sentSchema>

/** A run as it is to be trained: a line of `runs.jsonl`. */
const sentRunSchema = z.object({
  run: id,
  name: z.string(),
  variant: z.string(),
  seed: z.int(),
  config: configSchema,
  threads: z.int().min(1).optional(),
  /** Its weights begin with those of a file. */
  begins: z.boolean().optional(),
})
export type SentRun = z.infer<typeof sentRunSchema>
const tasksSchema = z.array(z.array(id))

export const folderFiles = (folder: string) => ({
  sent: join(folder, 'plan.json'),
  runs: join(folder, 'runs.jsonl'),
  /** A list of tasks by its name, which says what is in it: those that were handed over before stay as they are. */
  tasks: (name: string) => join(folder, 'tasks', name),
  readme: join(folder, 'README.txt'),
  script: join(folder, 'array.sh'),
  dataset: join(folder, 'dataset'),
  engine: join(folder, 'engine'),
  results: join(folder, 'results'),
  wishes: join(folder, 'wishes'),
  journal: (run: string) => join(folder, 'results', `${run}.journal`),
  checkpoints: (run: string) => join(folder, 'results', `${run}.checkpoints`),
  begin: (run: string) => join(folder, 'begin', `${run}.safetensors`),
  wish: (run: string) => wishFile(folder, run),
})

/** Words for a folder that is none, or not whole. */
const refusal = (code: 'PATH_MISSING' | 'FILE_UNSUPPORTED' | 'FILE_DAMAGED', message: string, cause?: unknown) =>
  new WorkbenchError(code, message, { field: 'folder', cause })

/** What a folder says that it is. @throws WorkbenchError PATH_MISSING, FILE_UNSUPPORTED, FILE_DAMAGED */
export function readSent(folder: string): Sent {
  const { sent } = folderFiles(folder)
  if (!existsSync(folder)) throw refusal('PATH_MISSING', `There is no folder ${folder}; mount its disk, or copy it here.`)
  if (!existsSync(sent))
    throw refusal('FILE_UNSUPPORTED', `${folder} is no folder of a sent experiment, or was not copied whole: it has no plan.json.`)
  let value: unknown
  try {
    value = parseJson(readFileSync(sent), manifestLimits)
  } catch (cause) {
    throw refusal('FILE_DAMAGED', `${sent} is damaged or was not copied whole; copy the folder again.`, cause)
  }
  const { formatVersion } = z.looseObject({ formatVersion: z.int() }).safeParse(value).data ?? {}
  if (formatVersion !== undefined && formatVersion > folderFormat)
    throw refusal('FILE_UNSUPPORTED', `${folder} was sent by a newer version of the workbench; collect it there.`)
  const found = sentSchema.safeParse(value)
  if (!found.success) throw refusal('FILE_DAMAGED', `${sent} does not say what a sent experiment does; copy the folder again.`)
  return found.data
}

/** Lines of `runs.jsonl`. @param only these; without, all. @throws WorkbenchError FILE_DAMAGED */
export function readRuns(folder: string, only?: readonly string[]): SentRun[] {
  const { runs } = folderFiles(folder)
  const wanted = only === undefined ? null : new Set(only)
  try {
    return readFileSync(runs, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && (wanted === null || wanted.has(/^\{"run":"([a-z0-9]+)"/.exec(line)?.[1] ?? '')))
      .map((line) => sentRunSchema.parse(JSON.parse(line)))
  } catch (cause) {
    throw refusal('FILE_DAMAGED', `${runs} is damaged or was not copied whole; copy the folder again.`, cause)
  }
}

/** The name of a list of tasks, in a folder. */
export function tasksName(tasks: readonly (readonly string[])[]): string {
  return `${createHash('sha256').update(JSON.stringify(tasks)).digest('hex').slice(0, 12)}.json`
}

/** Which runs each task trains, one after the other. @throws WorkbenchError FILE_DAMAGED */
export function readTasks(file: string): string[][] {
  try {
    return tasksSchema.parse(parseJson(readFileSync(file), manifestLimits))
  } catch (cause) {
    throw refusal('FILE_DAMAGED', `${file} is damaged or was not copied whole; copy the folder again.`, cause)
  }
}
