import { z } from 'zod'
import { configSchema, settingsSchema } from './config.ts'
import { errorInfoSchema, idSchema, nameSchema, runStates } from './domain.ts'
import { expectedTimeSchema } from './expectedTime.ts'

/**
 * An experiment is a named plan: variants x settings x seeds on one dataset, hence a set of runs that may be compared fairly.
 * A cell is one combination without the seed: a variant and one value of each swept setting.
 */
export const mostCells = 1000

/**
 * Evenly spaced values, both ends included: by their difference, or by their ratio (`log`, both ends above 0). Rounded for
 * settings that are whole numbers.
 */
const rangeSchema = z.strictObject({
  from: z.number(),
  to: z.number(),
  count: z.int().min(2).max(mostCells),
  scale: z.enum(['linear', 'log']).default('linear'),
})
export type Range = z.infer<typeof rangeSchema>

/** Values of settings that are varied, by dotted key. Several keys: every combination. */
const sweepSchema = z.record(z.string(), z.union([z.array(z.unknown()).min(1).max(mostCells), rangeSchema]))
export type Sweep = z.infer<typeof sweepSchema>

const planVariantSchema = z.strictObject({
  variant: idSchema,
  /** How its cells are called; the variant's own title unless given. */
  title: nameSchema.optional(),
  /** On top of the plan's settings: what only this variant has, and where it departs from the others (which is shown). */
  settings: settingsSchema.default({}),
  /** On top of the plan's sweep; a key of both takes these values. */
  sweep: sweepSchema.default({}),
})
export type PlanVariant = z.infer<typeof planVariantSchema>

export const seedSchema = z.int().min(0).max(2_147_483_647)

export const planSchema = z.strictObject({
  name: nameSchema,
  /** By id or name. */
  dataset: idSchema,
  seeds: z.array(seedSchema).min(1).max(1000).default([1, 2, 3]),
  /** For all variants that have them; nested or by dotted keys. */
  settings: settingsSchema.default({}),
  sweep: sweepSchema.default({}),
  variants: z.array(planVariantSchema).min(1).max(200),
  /** Index into `variants`; null: none. Without it the first one without a regularizer, or none. */
  baseline: z.int().min(0).nullable().optional(),
  /** Whether finished runs that are the same in everything are taken instead of training them again. */
  reuse: z.boolean().default(true),
})
export type Plan = z.infer<typeof planSchema>
/** A plan as it is written: defaults may be left out. */
export type PlanInput = z.input<typeof planSchema>

export const cellSchema = z.object({
  index: z.int(),
  /** Index into the plan's `variants`, and the variant's id. */
  planned: z.int(),
  variant: z.string(),
  /** Its variant's title and what tells it from the other cells, e.g. `Contractive, lambda 0.1`; different for every cell. */
  title: z.string(),
  /** The title without the swept values, for where these stand beside it. Absent in what was stored before there was one. */
  name: z.string().optional(),
  /** What is swept, by dotted key: this cell's value of each. */
  values: z.record(z.string(), z.unknown()),
  /** Everything that this cell sets, by dotted key; the variant's defaults are the rest. */
  settings: settingsSchema,
  /** Keys of `settings` in which the plan makes this variant different from the others, swept ones aside. */
  overrides: z.array(z.string()),
  /** Keys of the plan's settings and sweep that this variant does not have. */
  ignored: z.array(z.string()),
})
export type Cell = z.infer<typeof cellSchema>

/** What is known of a cell before anything is trained. */
const plannedCellSchema = cellSchema.extend({
  /** Null while there are problems. */
  config: configSchema.nullable(),
  problems: z.array(errorInfoSchema),
  warnings: z.array(z.string()),
  parameters: z.int().nullable(),
  /**
   * Estimate of what its trainer's network occupies, in bytes: weights, their gradients, the optimizer's slots, activations of a
   * batch.
   */
  memory: z.number().nullable(),
  /** What its trainer takes in all, with TensorFlow and the data, as measured with its time; null where not measured yet. */
  processMemory: z.number().nullable(),
  steps: z.int(),
  epochs: z.int(),
  /** Of one run: training, validation, evaluation; null where not measured yet. */
  seconds: z.number().nullable(),
  /** The same, estimated by a model where it was not measured; null while there are problems. */
  expected: expectedTimeSchema.nullable(),
  /** What one run will occupy on the disk. */
  bytes: z.number().nullable(),
  /** Finished runs that are the same in everything, by seed. */
  reuse: z.array(z.object({ seed: z.int(), run: idSchema, name: z.string() })),
})
export type PlannedCell = z.infer<typeof plannedCellSchema>

export const planCheckSchema = z.object({
  /** All of them, those that need no training included. */
  runs: z.int(),
  reused: z.int(),
  cells: z.array(plannedCellSchema),
  /**
   * Of the plan, by field (`seeds`, `sweep.KEY`, `variants.0.settings.KEY`), and the cells'; each once. Empty: the plan can be
   * carried out.
   */
  problems: z.array(errorInfoSchema),
  warnings: z.array(z.string()),
  /** Defaults that follow from the dataset, each once. */
  fromData: z.array(z.string()),
  /**
   * Of all that has to be trained, with the trainers that work at once; null until every kind of step was measured:
   * `experiments.estimate` does it.
   */
  seconds: z.number().nullable(),
  /** The same, by a model of the cost for what was not measured; null where nothing is to be trained, or while there are problems. */
  expected: expectedTimeSchema.nullable(),
  /** Combinations of network and variant, and how many of them were measured. */
  measured: z.object({ known: z.int(), total: z.int() }),
  /** What all that has to be trained will occupy on the disk, about. */
  bytes: z.number().nullable(),
  /** The most that the trainers' networks occupy at once; and that the trainers take in all, null until measured. */
  memory: z.number().nullable(),
  processMemory: z.number().nullable(),
  /** Index of the baseline's variant in the plan. */
  baseline: z.int().nullable(),
})
export type PlanCheck = z.infer<typeof planCheckSchema>

/**
 * `running`: something trains or waits. `paused`: nothing does until it is resumed. `ended`: every run has come to an end, a
 * good or a bad one.
 */
const experimentStates = ['running', 'paused', 'ended', 'cancelled'] as const

const experimentProgressSchema = z.object({
  /** Runs that have ended, and all. */
  done: z.int(),
  total: z.int(),
  /** Of the work, from 0 to 1: steps of running runs count. */
  share: z.number(),
  /** Null while nothing is known of its speed, and when nothing trains. */
  secondsLeft: z.number().nullable(),
})

/** What lists show and events tell. */
export const experimentSummarySchema = z.object({
  id: idSchema,
  name: nameSchema,
  datasetId: idSchema,
  dataset: z.string(),
  createdAt: z.string(),
  /** When its last run ended; null before. */
  endedAt: z.string().nullable(),
  state: z.enum(experimentStates),
  /** How many runs are in each state. `removed`: a place whose run was removed. */
  states: z.record(z.enum([...runStates, 'removed']), z.int()),
  progress: experimentProgressSchema,
  /** Numbers of cells, of seeds, and of runs that were there before. */
  cellCount: z.int(),
  seedCount: z.int(),
  reused: z.int(),
  /** Ids of the variants, in the plan's order, each once. */
  variants: z.array(z.string()),
})
export type ExperimentSummary = z.infer<typeof experimentSummarySchema>

export const experimentSchema = experimentSummarySchema.extend({
  plan: planSchema,
  /** Index into `plan.variants`; null: none. */
  baseline: z.int().nullable(),
  cells: z.array(
    cellSchema.extend({
      /** In the order of the plan's seeds; `run` null: it was removed. `reused`: it was there before. */
      runs: z.array(z.object({ seed: z.int(), run: idSchema.nullable(), reused: z.boolean() })),
    }),
  ),
})
export type Experiment = z.infer<typeof experimentSchema>

export const planTemplateSchema = z.object({
  id: z.string(),
  title: z.string(),
  description: z.string(),
  /**
   * What is to be said about it for this dataset, e.g. that it has no labels; such a plan has problems. Empty: it can be carried
   * out as it is.
   */
  note: z.string(),
  plan: planSchema,
})
export type PlanTemplate = z.infer<typeof planTemplateSchema>

/** A run has no more moments than that of which weights could be kept. */
export const mostCopies = 22

/** Of tasks at once. */
export const mostTasks = 16

/** What the queue does; kept in the database. */
export const queueSettingsSchema = z.object({
  /** Runs that train at once. */
  trainers: z.int().min(1).max(64),
  /** Tasks (imports, exports, evaluations ...) that are done at once; a short one has one place more. */
  tasks: z.int().min(1).max(mostTasks),
  /** Whether the machine may not fall asleep while something trains. */
  keepAwake: z.boolean(),
  /** Whether training goes on when the last window is closed, until the queue is empty. */
  background: z.boolean(),
  /** Copies of its weights that a run keeps: its result's and snapshots, for the views that move through time. */
  copies: z.int().min(1).max(mostCopies),
})
export type QueueSettings = z.infer<typeof queueSettingsSchema>

export const queueSchema = z.object({
  settings: queueSettingsSchema,
  /** Ids of the runs that train, and of those that wait, the one to start first in front. */
  running: z.array(idSchema),
  waiting: z.array(idSchema),
  /** Why nothing starts and what trains cannot be stored: a full disk. It goes on by itself; null where nothing is wrong. */
  waitsFor: errorInfoSchema.nullable().default(null),
})
export type QueueState = z.infer<typeof queueSchema>

/** What a start of the engine removed because an earlier one was cut off in the middle of it. */
export const recoveredSchema = z.object({ folders: z.int(), files: z.int(), bytes: z.number() })
export type Recovered = z.infer<typeof recoveredSchema>

const removedSchema = z.object({
  kind: z.enum(['run', 'experiment']),
  id: idSchema,
  name: z.string(),
  removedAt: z.string(),
  /** When it will be gone for good. */
  until: z.string(),
  bytes: z.number(),
})

/**
 * Which runs are thinned out: all, or those of a list, that an experiment made, or that ended so long ago; of what is given, all
 * holds.
 */
export const thinInputSchema = z.strictObject({
  runs: z.array(idSchema).max(100_000).optional(),
  experiment: idSchema.optional(),
  endedDaysAgo: z.number().min(0).max(100_000).optional(),
  /** Copies of its weights that each keeps; as the settings say unless given. */
  copies: z.int().min(1).max(mostCopies).optional(),
})
/** What that comes to: of the runs that were considered, those that have something to give up. */
export const thinningSchema = z.object({
  runs: z.int(),
  considered: z.int(),
  copies: z.int(),
  bytes: z.number(),
  /** Snapshots that go, and runs whose optimizer's values go. */
  snapshots: z.int(),
  ended: z.int(),
})
export type Thinning = z.infer<typeof thinningSchema>

/** What lies in the home folder, in bytes. */
export const storageSchema = z.object({
  /** `spare`: what thinning it out would free. */
  runs: z.array(z.object({ run: idSchema, name: z.string(), bytes: z.number(), spare: z.number() })),
  datasets: z.array(z.object({ dataset: idSchema, name: z.string(), bytes: z.number() })),
  database: z.number(),
  /** Codes that are kept. */
  codes: z.number(),
  /**
   * Folders in the places of runs, datasets and codes that the database knows nothing of, as beside an older one that was put
   * back: they are left alone.
   */
  unknown: z.object({ folders: z.array(z.string()), bytes: z.number() }),
  /** Removed, and can still be restored. */
  removed: z.array(removedSchema),
  /** All of it, and what the disk has left for us. */
  total: z.number(),
  free: z.number().nullable(),
})
export type Storage = z.infer<typeof storageSchema>
