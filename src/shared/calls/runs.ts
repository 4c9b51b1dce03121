import { z } from 'zod'
import { configSchema, fieldSchema, origins, settingsSchema } from '../config.ts'
import { runFigureSchema } from '../figures.ts'
import { expectedTimeSchema } from '../expectedTime.ts'
import { networkLayerSchema } from '../networkLayers.ts'
import { shapeSchema } from '../shape.ts'
import {
  errorInfoSchema,
  idSchema,
  imagesSchema,
  nameSchema,
  pointsSchema,
  presetRefSchema,
  previewSchema,
  runSchema,
  seriesSchema,
  stageSchema,
  tagSchema,
  taskSchema,
} from '../domain.ts'
import { seedSchema } from '../experiments.ts'
import { columnKeysSchema, rowColumnsSchema, rowGroupSchema, runColumnSchema, runValuesSchema } from '../runTable.ts'
import { call, none, path, runRef } from './call.ts'

/** A dataset by id or name, a run by id, unambiguous beginning of its id, or name. */
const newRunSchema = z.strictObject({
  dataset: idSchema,
  variant: idSchema,
  seed: seedSchema.default(1),
  settings: settingsSchema.default({}),
  name: nameSchema.optional(),
  /** The preset's run that it is made from: published figures are shown beside its own. */
  preset: presetRefSchema.optional(),
  /** A checkpoint's file to begin with: its settings are the defaults, and its weights those of the first step. */
  weights: path.optional(),
})

export const runCalls = {
  /** Checks settings as `runs.create` would, without creating anything: for the form. */
  'runs.check': call(
    newRunSchema.partial({ dataset: true }),
    z.object({
      config: configSchema.nullable(),
      fields: z.array(fieldSchema),
      /** Whose word each setting is, by dotted key. */
      from: z.record(z.string(), z.enum(origins)),
      problems: z.array(errorInfoSchema),
      warnings: z.array(z.string()),
      /** Defaults that follow from the data, where nothing else was said: one sentence each. */
      fromData: z.array(z.string()),
      /** Keys of settings that the other ones leave without a use. */
      inert: z.array(z.string()),
      parameters: z.int().nullable(),
      /** Of the network, from the input on; empty where it is not known. */
      layers: z.array(networkLayerSchema),
      /** How long the run takes, evaluation included, and the bytes that its trainer takes, about; null where that cannot be told. */
      expected: expectedTimeSchema.nullable(),
      memory: z.number().nullable(),
      /** What it will occupy on the disk when it is completed, in bytes, about; null where that cannot be told. */
      bytes: z.number().nullable(),
      stepsPerEpoch: z.int().nullable(),
      stages: z.array(stageSchema),
    }),
  ),
  /** Stores a run and queues it; `held`: pauses it, for whoever has it trained elsewhere. */
  'runs.create': call(newRunSchema.extend({ held: z.boolean().default(false) }), z.object({ run: runSchema })),
  'runs.list': call(none, z.object({ runs: z.array(runSchema) })),
  'runs.show': call(runRef, z.object({ run: runSchema })),
  /**
   * What is to be known of a run's objective on its data (that it is no likelihood of photographs) and of its figures, one sentence each;
   * the keys of settings that its other ones leave without a use; and the layers of its network, from the input on.
   */
  'runs.notes': call(
    runRef,
    z.object({ notes: z.array(z.string()), inert: z.array(z.string()), layers: z.array(networkLayerSchema) }),
  ),
  /** The figures that a run has, as they are read. */
  'runs.figures': call(runRef, z.object({ figures: z.array(runFigureSchema) })),
  /** Every run in short, oldest first. */
  'runs.rows': call(none, z.object({ rows: rowColumnsSchema })),
  /** Those of the named runs (by id) that exist, whole. */
  'runs.several': call(z.strictObject({ runs: z.array(idSchema).max(1000) }), z.object({ runs: z.array(runSchema) })),
  /** By id of those of the named runs of whose likelihoods there is something to be known: a sentence each. */
  'runs.likelihoods': call(
    z.strictObject({ runs: z.array(idSchema).max(1000) }),
    z.object({ likelihoods: z.record(z.string(), z.array(z.string())) }),
  ),
  /** The figures, settings and curves that some run has, as columns of a table; their values by run (of all unless named, by id). */
  'runs.columns': call(none, z.object({ columns: z.array(runColumnSchema) })),
  'runs.values': call(
    z.strictObject({ columns: columnKeysSchema, runs: z.array(idSchema).max(100_000).optional() }),
    runValuesSchema,
  ),
  /**
   * Runs (by id) that differ in their seed only, or that have one value of a column, with means and intervals of other columns.
   * `by`: `seeds`, or a column.
   */
  'runs.groups': call(
    z.strictObject({ runs: z.array(idSchema).max(100_000), by: z.string().min(1).max(300), columns: columnKeysSchema }),
    z.object({ groups: z.array(rowGroupSchema) }),
  ),
  'runs.pause': call(runRef, z.object({ run: runSchema })),
  /** Continues a paused or interrupted run from its last checkpoint. */
  'runs.resume': call(runRef, z.object({ run: runSchema })),
  /** What is trained so far is kept with the run. */
  'runs.cancel': call(runRef, z.object({ run: runSchema })),
  /** Measures a run that trains no more from its checkpoint, and stores the result with it; the task's result is its id. */
  'runs.evaluate': call(runRef, z.object({ task: taskSchema })),
  /** Makes a run of one that has collapsed code units, without them; the task's result is its id. */
  'runs.prune': call(runRef, z.object({ task: taskSchema })),
  /** Any of what a user keeps with a run. */
  'runs.edit': call(
    z.strictObject({
      run: idSchema,
      name: nameSchema.optional(),
      colour: z.int().min(0).max(1_000_000).optional(),
      tags: z.array(tagSchema).max(100).optional(),
      notes: z.string().max(100_000).optional(),
      archived: z.boolean().optional(),
    }),
    z.object({ run: runSchema }),
  ),
  /** Takes it away; `runs.restore` with its id brings it back until then. */
  'runs.remove': call(runRef, z.object({ run: idSchema, until: z.string() })),
  /** By id. */
  'runs.restore': call(runRef, z.object({ run: runSchema })),
  /** Points of a run's series; `afterStep` for what is new since. */
  'runs.series': call(
    z.strictObject({ run: idSchema, keys: z.array(z.string()).optional(), afterStep: z.int().optional() }),
    z.object({
      series: z.array(seriesSchema),
      /** By key, of those that have any: words for what they are measured on, e.g. `on inputs with 30% of their values masked`. */
      measuredOn: z.record(z.string(), z.string()),
    }),
  ),
  /**
   * Moments at which previews exist, oldest first, and the preview rows of the dataset (the same for every run): images, or
   * points of two values.
   */
  'runs.moments': call(
    runRef,
    z.object({
      moments: z.array(z.object({ step: z.int(), epoch: z.number() })),
      originals: imagesSchema.nullable(),
      points: pointsSchema.nullable(),
      labels: z.array(z.string()),
    }),
  ),
  'runs.preview': call(z.strictObject({ run: idSchema, step: z.int() }), z.object({ preview: previewSchema })),

  /** What a checkpoint's file says of itself, and the datasets (by name) whose images it takes. */
  'weights.inspect': call(
    z.strictObject({ weights: path }),
    z.object({
      weights: z.object({
        path: z.string(),
        variant: z.string(),
        config: configSchema,
        seed: z.int(),
        inputShape: shapeSchema,
        classes: z.array(z.string()),
        step: z.int(),
        epoch: z.number(),
        sha256: z.string(),
      }),
      datasets: z.array(z.string()),
    }),
  ),
  /** Measures the weights of a file on a dataset and keeps them as a run that was not trained here; the task's result is its id. */
  'weights.evaluate': call(
    z.strictObject({ weights: path, dataset: idSchema, name: nameSchema.optional() }),
    z.object({ task: taskSchema }),
  ),
}
