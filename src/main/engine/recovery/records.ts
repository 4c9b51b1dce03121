import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { EngineEvent } from '../../../shared/events.ts'
import { nameSchema, runSchema, type Run } from '../../../shared/domain.ts'
import { embeddingSchema } from '../../../shared/embeddings.ts'
import { cellSchema, planSchema } from '../../../shared/experiments.ts'
import { replacePrivately } from '../files/durable.ts'
import type { Home } from '../home.ts'
import type { Log } from '../log.ts'
import type { Store } from '../store/store.ts'

/**
 * What only the database knows of a dataset, a run, kept codes or an experiment lies once more beside its data, so that a lost
 * database can be made again from folders: the name of a dataset; of a run everything but its curves and pictures, as of its
 * last change of state; what codes are of; an experiment's plan. But for that the database alone is ever read.
 */
/** Its name is none that packs take along. */
export const recordName = '.record.json'

const datasetRecordSchema = z.object({ name: nameSchema })
/** The fingerprint finds its dataset again where that was imported anew. */
const runRecordSchema = z.object({ run: runSchema, version: z.string().nullable(), dataset: z.string() })
export type RunRecord = z.infer<typeof runRecordSchema>
const experimentRecordSchema = z.object({
  id: z.string(),
  name: nameSchema,
  datasetId: z.string(),
  plan: planSchema,
  cells: cellSchema.array(),
  baseline: z.int().nullable(),
  createdAt: z.string(),
  members: z.array(z.object({ cell: z.int(), seed: z.int(), run: z.string().nullable(), reused: z.boolean() })),
})

const embeddingRecordSchema = z.object({ embedding: embeddingSchema, dataset: z.string() })

/** Null where there is none, or none that can be read. */
function read<T>(file: string, schema: z.ZodType<T>): T | null {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return null
  }
}
export const datasetRecord = (folder: string) => read(join(folder, recordName), datasetRecordSchema)
export const runRecord = (folder: string): RunRecord | null => read(join(folder, recordName), runRecordSchema)
export const embeddingRecord = (folder: string) => read(join(folder, recordName), embeddingRecordSchema)
export const experimentRecord = (file: string) => read(file, experimentRecordSchema)

/** What is worth writing anew: not how far a run is that trains, which its checkpoints tell. */
const essence = ({ name, state, colour, tags, notes, archived, experiment, evaluation, error, datasetId, endedAt }: Run): string =>
  JSON.stringify([name, state, colour, tags, notes, archived, experiment, evaluation, error, datasetId, endedAt])

/**
 * States of runs that may have ended before they had a folder. Of those that wait, or were cancelled meanwhile, there can be
 * thousands.
 */
const endedEarly: readonly Run['state'][] = ['failed', 'diverged', 'interrupted']

/** Listens to what the engine tells its windows and writes what has changed. A record that cannot be written stops nothing. */
export function keepRecords(home: Home, store: Store, log: Log): (event: EngineEvent) => void {
  const written = new Map<string, string>()
  let failed = false
  /** @param makes also the folder, where there is none */
  const write = (key: string, file: string, what: string, content: () => unknown, makes = false): void => {
    if (written.get(key) === what || (!makes && !existsSync(dirname(file)))) return
    try {
      if (makes) mkdirSync(dirname(file), { recursive: true })
      replacePrivately(file, JSON.stringify(content()))
      written.set(key, what)
      failed = false
    } catch (thrown) {
      if (!failed) log('What a recovery would need cannot be written now.', thrown)
      failed = true
    }
  }
  return (event) => {
    if (event.type === 'dataset') {
      const { id, name } = event.dataset
      const file = join(home.dataset(id), recordName)
      // What a newer version has noted beside the name stays.
      write(id, file, name, () => ({ ...read(file, z.looseObject({})), name }))
    } else if (event.type === 'run' && !event.run.newer) {
      const { run } = event
      write(
        run.id,
        join(home.run(run.id), recordName),
        essence(run),
        () => ({
          run: { ...run, progress: null },
          version: store.runs.versionOf(run.id),
          dataset: store.datasets.find(run.datasetId)?.sha256 ?? '',
        }),
        endedEarly.includes(run.state) && store.runs.find(run.id)?.removedAt === null,
      )
    } else if (event.type === 'embedding') {
      const { embedding } = event
      write(embedding.id, join(home.embedding(embedding.id), recordName), embedding.name, () => ({
        embedding,
        dataset: embedding.datasetId === null ? '' : (store.datasets.find(embedding.datasetId)?.sha256 ?? ''),
      }))
    } else if (event.type === 'experiment') {
      const { id, name, states } = event.experiment
      const total = Object.values(states).reduce((sum, count) => sum + count, 0)
      write(
        home.experiment(id),
        home.experiment(id),
        `${name} ${total} ${states.removed ?? 0}`,
        () => {
          const { wanted: _, endedAt: __, dataset: ___, ...kept } = store.experiments.get(id)
          const members = store.experiments
            .members(id)
            .map(({ cell, seed, run, reused }) => ({ cell, seed, run, reused: reused === 1 }))
          return { ...kept, members }
        },
        true,
      )
    } else if (event.type === 'experimentRemoved') {
      rmSync(home.experiment(event.experiment), { force: true })
      written.delete(home.experiment(event.experiment))
    }
  }
}
