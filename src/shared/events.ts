import { z } from 'zod'
import { datasetSchema, errorInfoSchema, exportSchema, idSchema, progressSchema, runSchema, taskSchema } from './domain.ts'
import { embeddingSchema } from './embeddings.ts'
import { experimentSummarySchema, queueSchema } from './experiments.ts'
import { placeViewSchema } from './places.ts'
import { savedViewSchema } from './runTable.ts'

/** What the engine tells every window, unasked. `points`: new points exist; fetch them with `runs.series` and `afterStep`. */
const eventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('run'), run: runSchema }),
  z.object({ type: z.literal('runRemoved'), run: idSchema }),
  z.object({ type: z.literal('points'), run: idSchema, step: z.int() }),
  z.object({ type: z.literal('moment'), run: idSchema, step: z.int(), epoch: z.number() }),
  z.object({ type: z.literal('dataset'), dataset: datasetSchema }),
  z.object({ type: z.literal('datasetRemoved'), dataset: idSchema }),
  z.object({ type: z.literal('task'), task: taskSchema }),
  /** The saved views of a table have changed. */
  z.object({ type: z.literal('views'), table: z.enum(['runs']), views: z.array(savedViewSchema) }),
  z.object({ type: z.literal('export'), export: exportSchema }),
  /** A browser fetches a file; has fetched it, broke off doing so, or never asked for it: then it is gone here. */
  z.object({ type: z.literal('download'), download: idSchema, state: z.enum(['sending', 'sent', 'broken', 'expired']) }),
  z.object({ type: z.literal('embedding'), embedding: embeddingSchema }),
  z.object({ type: z.literal('embeddingRemoved'), embedding: idSchema }),
  /** At most once a second for each, and when its state changes. `ended`: its last run has just ended. */
  z.object({ type: z.literal('experiment'), experiment: experimentSummarySchema, ended: z.boolean() }),
  z.object({ type: z.literal('experimentRemoved'), experiment: idSchema }),
  /** How far an inspection is that a view waits for; null: it is over. */
  z.object({ type: z.literal('inspection'), view: idSchema, progress: progressSchema.nullable() }),
  /** How far an answer is that a view waits for, 0 to 1; null: it is over. */
  z.object({ type: z.literal('explore'), view: idSchema, share: z.number().nullable() }),
  /** What trains and what waits has changed, or the settings have. */
  z.object({ type: z.literal('queue'), queue: queueSchema }),
  /** What is known of a place has changed. */
  z.object({ type: z.literal('place'), place: placeViewSchema }),
  z.object({ type: z.literal('placeRemoved'), place: z.string() }),
  /** Another engine has taken the home: this one is about to end, and has stored nothing since. */
  z.object({ type: z.literal('homeLost'), error: errorInfoSchema }),
])
export type EngineEvent = z.infer<typeof eventSchema>
