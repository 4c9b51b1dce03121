import { z } from 'zod'
import { fieldSchema, configSchema, settingsSchema, variantInfoSchema } from './config.ts'
import { compareInputSchema, comparisonSchema } from './comparison.ts'
import {
  datasetSchema, errorInfoSchema, exportSchema, fits, idSchema, imagesSchema, nameSchema, parts, pointsSchema, presetRefSchema, previewSchema,
  runSchema, seriesSchema, skippedSchema, splits, stageSchema, taskSchema,
} from './domain.ts'
import { contrasts } from './patches.ts'
import { outcomeSchema, presetSchema } from './presets.ts'

/**
 * The contract: every call of a window (or the command line) to the engine, once. The engine validates each input against
 * its schema before it does anything. Long work returns a task at once; its progress comes as events.
 */
const call = <I extends z.ZodType, O extends z.ZodType>(input: I, output: O) => ({ input, output })
const none = z.strictObject({})
const runRef = z.strictObject({ run: idSchema })
const path = z.string().min(1).max(32_768)

/** A dataset by id or name, a run by id, unambiguous beginning of its id, or name. */
export const newRunSchema = z.strictObject({
  dataset: idSchema,
  variant: idSchema,
  seed: z.int().min(0).max(2_147_483_647).default(1),
  settings: settingsSchema.default({}),
  name: nameSchema.optional(),
  /** The preset's run that it is made from: published figures are shown beside its own. */
  preset: presetRefSchema.optional(),
})

export const importSchema = z.strictObject({
  /** Defaults to the folder's or file's name. */
  name: nameSchema.optional(),
  /** A folder, an IDX images file, a `.npz`, the word `mnist`, the name of a synthetic set, or (for patches) `dataset:` and a dataset's id or name. */
  path,
  testPath: path.optional(),
  width: z.int().min(1).max(4096).optional(),
  height: z.int().min(1).max(4096).optional(),
  channels: z.union([z.literal(1), z.literal(3)]).optional(),
  fit: z.enum(fits).default('crop'),
  /** Of a synthetic set or of patches: how many rows, and what they are drawn from. Refused for anything else. */
  count: z.int().min(1).max(1_000_000).optional(),
  seed: z.int().min(0).max(2_147_483_647).optional(),
  /** Draws `count` windows of this size from the images, which keep their own size, instead of taking them whole. */
  patches: z.strictObject({ width: z.int().min(1).max(4096), height: z.int().min(1).max(4096) }).optional(),
  /** Of patches: `normalise` removes each one's mean and squashes what is left into [0.1, 0.9]. */
  contrast: z.enum(contrasts).optional(),
})

export const exportInputSchema = z.strictObject({
  run: idSchema,
  part: z.enum(parts),
  out: path,
  input: z.enum(['pixels', 'raw']).default('pixels'),
  precision: z.enum(['float32', 'float16', 'int8']).default('float32'),
  force: z.boolean().default(false),
})

export const calls = {
  'engine.status': call(none, z.object({
    version: z.string(), home: z.string(), node: z.string(), cores: z.int(), trainers: z.int(), folderDialog: z.boolean(),
  })),
  'engine.doctor': call(none, z.object({ checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })) })),
  'variants.list': call(none, z.object({ variants: z.array(variantInfoSchema) })),
  'presets.list': call(none, z.object({ presets: z.array(presetSchema) })),
  /** Imports the data that a preset needs. */
  'presets.import': call(z.strictObject({ preset: idSchema }), z.object({ task: taskSchema })),
  /** What a run that was made from a preset came to beside what was published; null for other runs. */
  'presets.outcome': call(runRef, z.object({ outcome: outcomeSchema.nullable() })),

  'datasets.list': call(none, z.object({ datasets: z.array(datasetSchema) })),
  'datasets.import': call(importSchema, z.object({ task: taskSchema })),
  /** What a path holds, before it is imported: for the typed path's form. Never opens what it should not. */
  'datasets.inspect': call(z.strictObject({ path }), z.object({
    kind: z.enum(['folder', 'idx', 'npz', 'sample', 'synthetic', 'dataset']),
    /** False for vectors, which have no size and no patches. */
    images: z.boolean(),
    files: z.int(), truncated: z.boolean(), classes: z.array(z.string()),
    /** Most frequent size among the first images. */
    width: z.int().nullable(), height: z.int().nullable(), channels: z.int().nullable(), suggestedName: z.string(),
  })),
  'datasets.skipped': call(z.strictObject({ dataset: idSchema }), z.object({ skipped: z.array(skippedSchema) })),
  'datasets.images': call(
    z.strictObject({
      dataset: idSchema, offset: z.int().min(0).default(0), count: z.int().min(1).max(500),
      split: z.enum(splits).optional(), label: z.int().min(0).optional(),
      /** Longest side of the pictures in the answer: larger ones are made smaller, in proportion. Without it they are only where the answer would be too large to send. */
      side: z.int().min(1).max(4096).optional(),
    }),
    z.object({ total: z.int(), images: imagesSchema, labels: z.array(z.int()), paths: z.array(z.string()) }),
  ),
  /** Points of a dataset of two values a row: `count` of those asked for, evenly chosen where there are more. */
  'datasets.points': call(
    z.strictObject({ dataset: idSchema, count: z.int().min(1).max(20_000), split: z.enum(splits).optional(), label: z.int().min(0).optional() }),
    z.object({ total: z.int(), points: pointsSchema, labels: z.array(z.int()) }),
  ),
  'datasets.rename': call(z.strictObject({ dataset: idSchema, name: nameSchema }), z.object({ dataset: datasetSchema })),
  /** Refused while runs use it. */
  'datasets.remove': call(z.strictObject({ dataset: idSchema }), none),
  /** Completes a typed path: folders first, then files that can be imported. */
  'paths.complete': call(z.strictObject({ prefix: z.string().max(32_768) }), z.object({ paths: z.array(z.string()) })),

  /** Checks settings as `runs.create` would, without creating anything: for the form. */
  'runs.check': call(newRunSchema.partial({ dataset: true }), z.object({
    config: configSchema.nullable(), fields: z.array(fieldSchema), problems: z.array(errorInfoSchema), warnings: z.array(z.string()),
    parameters: z.int().nullable(), stepsPerEpoch: z.int().nullable(), stages: z.array(stageSchema),
  })),
  'runs.create': call(newRunSchema, z.object({ run: runSchema })),
  'runs.list': call(none, z.object({ runs: z.array(runSchema) })),
  'runs.show': call(runRef, z.object({ run: runSchema })),
  'runs.pause': call(runRef, z.object({ run: runSchema })),
  /** Continues a paused or interrupted run from its last checkpoint. */
  'runs.resume': call(runRef, z.object({ run: runSchema })),
  /** What is trained so far is kept with the run. */
  'runs.cancel': call(runRef, z.object({ run: runSchema })),
  /** Measures a run that trains no more from its checkpoint, and stores the result with it; the task's result is its id. */
  'runs.evaluate': call(runRef, z.object({ task: taskSchema })),
  /** Makes a run of one that has collapsed code units, without them; the task's result is its id. */
  'runs.prune': call(runRef, z.object({ task: taskSchema })),
  'runs.rename': call(z.strictObject({ run: idSchema, name: nameSchema }), z.object({ run: runSchema })),
  'runs.remove': call(runRef, none),
  /** Points of a run's series; `afterStep` for what is new since. */
  'runs.series': call(
    z.strictObject({ run: idSchema, keys: z.array(z.string()).optional(), afterStep: z.int().optional() }),
    z.object({ series: z.array(seriesSchema) }),
  ),
  /** Moments at which previews exist, oldest first, and the preview rows of the dataset (the same for every run): images, or points of two values. */
  'runs.moments': call(runRef, z.object({
    moments: z.array(z.object({ step: z.int(), epoch: z.number() })), originals: imagesSchema.nullable(), points: pointsSchema.nullable(), labels: z.array(z.string()),
  })),
  'runs.preview': call(z.strictObject({ run: idSchema, step: z.int() }), z.object({ preview: previewSchema })),
  'runs.reveal': call(runRef, z.object({ folder: z.string() })),

  'compare': call(compareInputSchema, z.object({ comparison: comparisonSchema })),

  'exports.create': call(exportInputSchema, z.object({ task: taskSchema })),
  'exports.list': call(none, z.object({ exports: z.array(exportSchema) })),
  /** A path that does not exist yet, in the user's documents folder, for the form. */
  'exports.suggest': call(z.strictObject({ run: idSchema, part: z.enum(parts) }), z.object({ file: z.string() })),

  'tasks.list': call(none, z.object({ tasks: z.array(taskSchema) })),
  'tasks.show': call(z.strictObject({ task: idSchema }), z.object({ task: taskSchema })),
  'tasks.cancel': call(z.strictObject({ task: idSchema }), z.object({ task: taskSchema })),

  /** Loss and gradients at given weights; see the command line's `objective`. */
  'objective': call(
    z.strictObject({ variant: idSchema, settings: settingsSchema.default({}), in: path, out: path }),
    z.object({ loss: z.number(), terms: z.record(z.string(), z.number()) }),
  ),
} as const

export type Calls = typeof calls
export type CallName = keyof Calls
/** What a caller writes (defaults may be left out) and what a handler receives (defaults filled in). */
export type CallInput<N extends CallName> = z.input<Calls[N]['input']>
export type CallArguments<N extends CallName> = z.output<Calls[N]['input']>
export type CallOutput<N extends CallName> = z.output<Calls[N]['output']>

/** What the engine tells every window, unasked. `points`: new points exist; fetch them with `runs.series` and `afterStep`. */
export const eventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('run'), run: runSchema }),
  z.object({ type: z.literal('runRemoved'), run: idSchema }),
  z.object({ type: z.literal('points'), run: idSchema, step: z.int() }),
  z.object({ type: z.literal('moment'), run: idSchema, step: z.int(), epoch: z.number() }),
  z.object({ type: z.literal('dataset'), dataset: datasetSchema }),
  z.object({ type: z.literal('datasetRemoved'), dataset: idSchema }),
  z.object({ type: z.literal('task'), task: taskSchema }),
  z.object({ type: z.literal('export'), export: exportSchema }),
])
export type EngineEvent = z.infer<typeof eventSchema>
