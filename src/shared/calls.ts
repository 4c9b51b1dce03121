import { z } from 'zod'
import { fieldSchema, configSchema, settingsSchema, variantInfoSchema } from './config.ts'
import {
  compareExportInputSchema,
  compareExportSchema,
  compareInputSchema,
  comparisonSchema,
  heatMapInputSchema,
  heatMapSchema,
  lineSchema,
  linesInputSchema,
  parallelInputSchema,
  parallelSchema,
  scatterInputSchema,
  scatterSchema,
  termsInputSchema,
  termsSchema,
} from './comparison.ts'
import {
  datasetSchema,
  errorInfoSchema,
  exportSchema,
  fits,
  idSchema,
  imagesSchema,
  nameSchema,
  parts,
  pointsSchema,
  presetRefSchema,
  previewSchema,
  progressSchema,
  runSchema,
  seriesSchema,
  skippedSchema,
  splits,
  stageSchema,
  tagSchema,
  taskSchema,
} from './domain.ts'
import {
  codeRowSchema,
  embedInputSchema,
  embeddingFormats,
  embeddingQuestionSchema,
  embeddingSchema,
  encoderChoiceSchema,
  encoderSchema,
} from './embeddings.ts'
import {
  experimentSchema,
  experimentSummarySchema,
  planCheckSchema,
  planSchema,
  planTemplateSchema,
  queueSchema,
  queueSettingsSchema,
  recoveredSchema,
  seedSchema,
  storageSchema,
  thinInputSchema,
  thinningSchema,
} from './experiments.ts'
import { exploreFileSchema, exploreSchema, madeFileSchema, openedSchema, resultSchema } from './explore.ts'
import { classTableSchema, importPreviewSchema, inspectionSchema } from './inspection.ts'
import { contrasts } from './patches.ts'
import { outcomeSchema, presetSchema } from './presets.ts'
import { sharesForm } from './split.ts'
import { parseRange, rangeForms } from './valueRange.ts'
import { recoverySchema } from './recovery.ts'
import {
  columnKeysSchema,
  rowColumnsSchema,
  rowGroupSchema,
  runColumnSchema,
  runValuesSchema,
  savedViewSchema,
  tableStateSchema,
  tableViewSchema,
} from './runTable.ts'

/**
 * The contract: every call of a window (or the command line) to the engine, once. The engine validates each input against
 * its schema before it does anything. Long work returns a task at once; its progress comes as events.
 */
const call = <I extends z.ZodType, O extends z.ZodType>(input: I, output: O) => ({ input, output })
const none = z.strictObject({})
const runRef = z.strictObject({ run: idSchema })
/** An experiment by id, unambiguous beginning of its id, or name. */
const experimentRef = z.strictObject({ experiment: idSchema })
const summary = z.object({ experiment: experimentSummarySchema })
const path = z.string().min(1).max(32_768)

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

const columnName = z.string().min(1).max(200).optional()
const importSchema = z.strictObject({
  /** Defaults to the folder's or file's name. */
  name: nameSchema.optional(),
  /**
   * A folder, an IDX images file, a `.npz`, the word `mnist`, the name of a synthetic set, or (for patches) `dataset:` and a
   * dataset's id or name.
   */
  path,
  /** Images of the validation and the test part; they come before what `path` brings of these. */
  valPath: path.optional(),
  testPath: path.optional(),
  /**
   * Where labels of image files come from: `folders`, `names` (before their number), `none`, or the path of a table;
   * by default from folders, if there are any.
   */
  labels: path.optional(),
  /** What is taken of names as label: `{label}_*.png`, or a regular expression with the label in brackets. */
  labelPattern: z.string().min(1).max(200).optional(),
  /** Columns of the table of labels, by name or number from 1; by default by what they hold. */
  fileColumn: columnName,
  labelColumn: columnName,
  partColumn: columnName,
  groupColumn: columnName,
  /** What is never divided by a split: a column of the table of labels, or a pattern in names, as `{group}_*.png`. */
  group: z.string().min(1).max(200).optional(),
  /**
   * Shares that are drawn where the source brings no parts: `70/15/15` (training, validation, testing) or `80/20`,
   * and what they are drawn from.
   */
  split: z.string().max(30).regex(sharesForm, 'shares of training, validation and testing, like 70/15/15, or 80/20').optional(),
  splitSeed: z.int().min(0).max(2_147_483_647).optional(),
  width: z.int().min(1).max(4096).optional(),
  height: z.int().min(1).max(4096).optional(),
  channels: z.union([z.literal(1), z.literal(3)]).optional(),
  /** Channels of the source to take, counted from 0: one as gray, or three as red, green and blue. */
  pick: z
    .array(z.int().min(0).max(65_535))
    .refine(({ length }) => length === 1 || length === 3, 'one channel or three')
    .optional(),
  /** What becomes 0 to 255, where it is not for the import to decide: `data`, `image`, `A..B` or `pA..pB` (see valueRange.ts). */
  range: z
    .string()
    .max(100)
    .refine((text) => parseRange(text) !== null, `no range of values: write ${rangeForms}`)
    .optional(),
  /** `all`: every page of a TIFF and every frame of a GIF or WebP is an image, named `FILE#0`, `FILE#1` ...; else the first is taken. */
  pages: z.enum(['first', 'all']).optional(),
  fit: z.enum(fits).default('crop'),
  /** Which set, where a folder or file holds several; and which of its arrays the images are. Refused for images in files. */
  set: z.string().min(1).max(1000).optional(),
  array: z.string().min(1).max(1000).optional(),
  /** How rows of arrays are to be read; `planes`: each channel by itself, one after the other. Refused for images in files. */
  rowShape: z
    .strictObject({
      height: z.int().min(1).max(4096),
      width: z.int().min(1).max(4096),
      channels: z.int().min(1).max(65_536),
      planes: z.boolean().default(false),
    })
    .optional(),
  /** Of a synthetic set or of patches: how many rows, and what they are drawn from. Refused for anything else. */
  count: z.int().min(1).max(1_000_000).optional(),
  seed: z.int().min(0).max(2_147_483_647).optional(),
  /** Draws `count` windows of this size from the images, which keep their own size, instead of taking them whole. */
  patches: z.strictObject({ width: z.int().min(1).max(4096), height: z.int().min(1).max(4096) }).optional(),
  /** Of patches: `normalise` removes each one's mean and squashes what is left into [0.1, 0.9]. */
  contrast: z.enum(contrasts).optional(),
})

const exportInputSchema = z.strictObject({
  run: idSchema,
  part: z.enum(parts),
  out: path,
  input: z.enum(['pixels', 'raw']).default('pixels'),
  precision: z.enum(['float32', 'float16', 'int8']).default('float32'),
  force: z.boolean().default(false),
})

export const calls = {
  'engine.status': call(
    none,
    z.object({
      version: z.string(),
      home: z.string(),
      node: z.string(),
      cores: z.int(),
      trainers: z.int(),
      folderDialog: z.boolean(),
      /** What a recovery did that was asked for before this start; null where there was none. */
      recovery: recoverySchema.nullable(),
    }),
  ),
  /**
   * What the start removed that an earlier engine left half done, and that in a sentence: told once, to whoever asks first; null
   * where there is nothing to tell.
   */
  'engine.recovered': call(none, z.object({ recovered: recoveredSchema.extend({ sentence: z.string() }).nullable() })),
  'variants.list': call(none, z.object({ variants: z.array(variantInfoSchema) })),
  'presets.list': call(none, z.object({ presets: z.array(presetSchema) })),
  /** Imports the data that a preset needs. */
  'presets.import': call(z.strictObject({ preset: idSchema }), z.object({ task: taskSchema })),
  /** What a run that was made from a preset came to beside what was published; null for other runs. */
  'presets.outcome': call(runRef, z.object({ outcome: outcomeSchema.nullable() })),

  'datasets.list': call(none, z.object({ datasets: z.array(datasetSchema) })),
  'datasets.import': call(importSchema, z.object({ task: taskSchema })),
  /**
   * Imports a damaged dataset's source again, from where it was or from `path`, and puts the files in place of the damaged
   * ones. The task's result is the dataset's id; it fails with DATASET_DIFFERS, and changes nothing, where other images come
   * out.
   */
  'datasets.repair': call(z.strictObject({ dataset: idSchema, path: path.optional() }), z.object({ task: taskSchema })),
  /**
   * What an import would make of a source; takes what `datasets.import` takes, and changes nothing. Reads names and headers
   * only, of a folder with very many files some. `view`: who asks; a newer question of the same view ends this one (error
   * CANCELLED), and progress is told to it.
   */
  'datasets.inspect': call(importSchema.omit({ name: true }).extend({ view: idSchema.optional() }), inspectionSchema),
  /** Some images as an import would store them, of several classes and parts, chosen by `draw`. */
  'datasets.preview': call(
    importSchema.omit({ name: true }).extend({
      view: idSchema.optional(),
      draw: z.int().min(0).max(2_147_483_647).default(1),
      images: z.int().min(1).max(64).default(8),
      /** Longest side of the pictures in the answer. */
      side: z.int().min(1).max(4096).optional(),
    }),
    importPreviewSchema,
  ),
  /** Ends what a view has asked of `datasets.inspect` and `datasets.preview`. */
  'datasets.stopInspecting': call(z.strictObject({ view: idSchema }), none),
  /** Images of each class in each part. */
  'datasets.classes': call(z.strictObject({ dataset: idSchema }), classTableSchema),
  'datasets.skipped': call(z.strictObject({ dataset: idSchema }), z.object({ skipped: z.array(skippedSchema) })),
  'datasets.images': call(
    z.strictObject({
      dataset: idSchema,
      offset: z.int().min(0).default(0),
      count: z.int().min(1).max(500),
      split: z.enum(splits).optional(),
      label: z.int().min(0).optional(),
      /** Only these rows, in this order. */
      only: z.array(z.int().min(0)).max(500).optional(),
      /**
       * Only the test rows that every run rebuilds for the eye, up to 32: one of each class in turn, so that the first few show
       * all classes. Not with `only`.
       */
      preview: z.boolean().default(false),
      /**
       * Longest side of the pictures in the answer: larger ones are made smaller, in proportion. Without it they are only where
       * the answer would be too large to send.
       */
      side: z.int().min(1).max(4096).optional(),
    }),
    z.object({
      total: z.int(),
      rows: z.array(z.int()),
      images: imagesSchema,
      labels: z.array(z.int()),
      paths: z.array(z.string()),
    }),
  ),
  /** Up to eight training images as they are, and as the first steps of a training with this seed and `data.augment` would see them. */
  'datasets.augmented': call(
    z.strictObject({
      dataset: idSchema,
      augment: z.string().max(200),
      seed: z.int().min(0).max(2_147_483_647),
      steps: z.int().min(1).max(4).default(1),
      side: z.int().min(1).max(4096).optional(),
    }),
    z.object({ originals: imagesSchema, changed: z.array(imagesSchema) }),
  ),
  /** Points of a dataset of two values a row: `count` of those asked for, evenly chosen where there are more. */
  'datasets.points': call(
    z.strictObject({
      dataset: idSchema,
      count: z.int().min(1).max(20_000),
      split: z.enum(splits).optional(),
      label: z.int().min(0).optional(),
    }),
    z.object({ total: z.int(), rows: z.array(z.int()), points: pointsSchema, labels: z.array(z.int()) }),
  ),
  'datasets.rename': call(z.strictObject({ dataset: idSchema, name: nameSchema }), z.object({ dataset: datasetSchema })),
  /** Refused while runs use it. Says what went with it: its runs that lay in the trash, and sets of its codes. */
  'datasets.remove': call(z.strictObject({ dataset: idSchema }), z.object({ trashed: z.int(), codes: z.int() })),
  /** Completes a typed path: folders first, then files that can be imported. */
  'paths.complete': call(
    z.strictObject({
      prefix: z.string().max(32_768),
      /** Of other files, e.g. `.onnx`: folders and those; empty: folders alone. */ ending: z
        .string()
        .regex(/^(\.[a-z]+)?$/)
        .optional(),
    }),
    z.object({ paths: z.array(z.string()) }),
  ),

  /** Checks settings as `runs.create` would, without creating anything: for the form. */
  'runs.check': call(
    newRunSchema.partial({ dataset: true }),
    z.object({
      config: configSchema.nullable(),
      fields: z.array(fieldSchema),
      problems: z.array(errorInfoSchema),
      warnings: z.array(z.string()),
      /** Defaults that follow from the data, where nothing else was said: one sentence each. */
      fromData: z.array(z.string()),
      parameters: z.int().nullable(),
      stepsPerEpoch: z.int().nullable(),
      stages: z.array(stageSchema),
    }),
  ),
  'runs.create': call(newRunSchema, z.object({ run: runSchema })),
  'runs.list': call(none, z.object({ runs: z.array(runSchema) })),
  'runs.show': call(runRef, z.object({ run: runSchema })),
  /**
   * What is to be known of a run's objective on its data (that it is no likelihood of photographs) and of its figures, one sentence each;
   * and the keys of settings that its other ones leave without a use.
   */
  'runs.notes': call(runRef, z.object({ notes: z.array(z.string()), inert: z.array(z.string()) })),
  /** Every run in short, oldest first. */
  'runs.rows': call(none, z.object({ rows: rowColumnsSchema })),
  /** Those of the named runs (by id) that exist, whole. */
  'runs.several': call(z.strictObject({ runs: z.array(idSchema).max(1000) }), z.object({ runs: z.array(runSchema) })),
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

  compare: call(compareInputSchema, z.object({ comparison: comparisonSchema })),
  /** Curves of several runs, ready to draw; by key, then in the order of the runs. Runs without a series have no line. */
  'compare.series': call(linesInputSchema, z.object({ lines: z.array(lineSchema) })),
  /** The terms of each run's (or group's) objective, stacked. */
  'compare.terms': call(termsInputSchema, z.object({ stacks: z.array(termsSchema) })),
  'compare.parallel': call(parallelInputSchema, z.object({ parallel: parallelSchema })),
  'compare.scatter': call(scatterInputSchema, z.object({ scatter: scatterSchema })),
  'compare.heatMap': call(heatMapInputSchema, z.object({ heatMap: heatMapSchema })),
  /** A table as CSV or LaTeX, or the whole as one HTML file; written, or given back where no file is named. */
  'compare.export': call(compareExportInputSchema, z.object({ export: compareExportSchema })),

  /** What a plan comes to, without doing anything: at once, with what is known of times. */
  'experiments.check': call(z.strictObject({ plan: planSchema }), z.object({ check: planCheckSchema })),
  /** Measures the steps of a plan whose times are not known, a few seconds each; afterwards `experiments.check` knows them. */
  'experiments.estimate': call(z.strictObject({ plan: planSchema }), z.object({ task: taskSchema })),
  /** Plans to begin with, made to fit a dataset where one is given. */
  /** What a file of a plan holds; whether it can be carried out `experiments.check` says. */
  'experiments.read': call(z.strictObject({ file: path }), z.object({ plan: z.record(z.string(), z.unknown()) })),
  'experiments.templates': call(
    z.strictObject({ dataset: idSchema.optional() }),
    z.object({ templates: z.array(planTemplateSchema) }),
  ),
  /** Stores the plan and its runs, and queues them. */
  'experiments.create': call(z.strictObject({ plan: planSchema }), z.object({ experiment: experimentSchema })),
  /** Oldest first. */
  'experiments.list': call(none, z.object({ experiments: z.array(experimentSummarySchema) })),
  'experiments.show': call(experimentRef, z.object({ experiment: experimentSchema })),
  'experiments.rename': call(z.strictObject({ experiment: idSchema, name: nameSchema }), summary),
  /**
   * Takes it away, by default with the runs that it made and no other experiment uses; `experiments.restore` with its id brings
   * all back until then.
   */
  'experiments.remove': call(
    z.strictObject({ experiment: idSchema, runs: z.boolean().default(true) }),
    z.object({ experiment: idSchema, runs: z.array(idSchema), until: z.string() }),
  ),
  'experiments.restore': call(experimentRef, summary),
  /** Of all its runs: those that wait and those that train; and back. */
  'experiments.pause': call(experimentRef, summary),
  'experiments.resume': call(experimentRef, summary),
  /** What is trained so far is kept. */
  'experiments.cancel': call(experimentRef, summary),
  /**
   * Queues again what failed, was interrupted, cancelled or removed; from the last checkpoint where there is one. A run that
   * diverged would do so again.
   */
  'experiments.retry': call(experimentRef, summary),
  /**
   * The experiment with its runs as one file; the task's result is its id. `withDataset`: its images, too; else they have to be
   * there where it is unpacked.
   */
  'experiments.pack': call(
    z.strictObject({
      experiment: idSchema,
      file: path,
      withDataset: z.boolean().default(false),
      force: z.boolean().default(false),
    }),
    z.object({ task: taskSchema }),
  ),
  /** A path that does not exist yet, in the user's documents folder, for the form. */
  'experiments.suggest': call(experimentRef, z.object({ file: z.string() })),
  /** The task's result is the new experiment's id. */
  'experiments.unpack': call(z.strictObject({ file: path }), z.object({ task: taskSchema })),

  'queue.show': call(none, z.object({ queue: queueSchema })),
  /** Puts waiting runs, in this order, before another waiting one; null: at the end. */
  'queue.move': call(
    z.strictObject({ runs: z.array(idSchema).min(1).max(10_000), before: idSchema.nullable() }),
    z.object({ queue: queueSchema }),
  ),
  /** Changes what is given; nothing given: only tells. */
  'queue.settings': call(queueSettingsSchema.partial().strict(), z.object({ settings: queueSettingsSchema })),

  /** What every run and dataset occupies; counted anew. */
  'storage.show': call(none, z.object({ storage: storageSchema })),
  /** What thinning runs out would free, without doing it. */
  'storage.thinning': call(thinInputSchema, z.object({ thinning: thinningSchema })),
  /**
   * Takes from runs what is beyond their budget of weights, and from those that have ended what only training needs; the task's
   * result is the freed bytes.
   */
  'storage.thin': call(thinInputSchema, z.object({ task: taskSchema })),
  /** Deletes for good what was removed. */
  'storage.empty': call(none, z.object({ runs: z.int(), experiments: z.int(), bytes: z.number() })),

  /** A table as it stands on screen, as CSV: what a spreadsheet would take for a formula is defused. */
  'tables.csv': call(
    z.strictObject({
      columns: z.array(z.strictObject({ title: z.string(), unit: z.string(), numeric: z.boolean() })).max(300),
      rows: z.array(z.array(z.string())).max(100_000),
    }),
    z.object({ text: z.string() }),
  ),
  /** How a table is looked at: kept with the home folder. Saving changes what is given. */
  'tables.show': call(z.strictObject({ table: z.enum(['runs']) }), z.object({ state: tableStateSchema })),
  'tables.save': call(
    z.strictObject({
      table: z.enum(['runs']),
      current: tableViewSchema.optional(),
      views: z.array(savedViewSchema).max(200).optional(),
    }),
    z.object({ state: tableStateSchema }),
  ),

  /** What a run can be asked, and of which steps there are weights. */
  'explore.open': call(runRef, openedSchema),
  /** Asks a trained network a question; see explore.ts. Errors of its own: QUESTION_UNSUITABLE, EXPLORER_LOST, CANCELLED. */
  explore: call(exploreSchema, z.object({ result: resultSchema })),
  /** The answer as a file: bytes for the window to save, or the command line to write. */
  'explore.file': call(exploreFileSchema, madeFileSchema),
  /** What a view asked last is not wanted any more. */
  'explore.cancel': call(z.strictObject({ view: idSchema }), none),

  'exports.create': call(exportInputSchema, z.object({ task: taskSchema })),
  /**
   * A part of every completed run of an experiment, with an index (`index.json`, `index.csv`), in one folder; the task's result
   * is its path.
   */
  'exports.many': call(exportInputSchema.omit({ run: true }).extend({ experiment: idSchema }), z.object({ task: taskSchema })),
  /** What the index in such a folder says: how many files there are, and which runs could not be exported, and why. */
  'exports.index': call(
    z.strictObject({ folder: path }),
    z.object({
      files: z.int(),
      failed: z.array(z.object({ run: z.string(), name: z.string(), code: z.string(), message: z.string() })),
    }),
  ),
  'exports.list': call(none, z.object({ exports: z.array(exportSchema) })),
  /** A path that does not exist yet, in the user's documents folder, for the form. */
  'exports.suggest': call(
    z.strictObject({ run: idSchema, part: z.enum(parts), precision: z.enum(['float32', 'float16', 'int8']).default('float32') }),
    z.object({ file: z.string() }),
  ),
  /** The same for all runs of an experiment: a folder that does not exist yet. */
  'exports.suggestFolder': call(
    z.strictObject({
      experiment: idSchema,
      part: z.enum(parts),
      precision: z.enum(['float32', 'float16', 'int8']).default('float32'),
    }),
    z.object({ folder: z.string() }),
  ),
  /** Programs that run an exported file on images, as they can be copied. */
  'exports.snippets': call(z.strictObject({ export: idSchema }), z.object({ python: z.string(), node: z.string() })),

  /** What a checkpoint's file says of itself, and the datasets (by name) whose images it takes. */
  'weights.inspect': call(
    z.strictObject({ weights: path }),
    z.object({
      weights: z.object({
        path: z.string(),
        variant: z.string(),
        config: configSchema,
        seed: z.int(),
        inputSize: z.int(),
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

  /** What an ONNX file takes and gives as an encoder, and the datasets (by id) that it can be given; nothing of it is run. */
  'encoders.inspect': call(encoderChoiceSchema, z.object({ encoder: encoderSchema, datasets: z.array(z.string()) })),
  /** The datasets (by id) that a run's encoder can be given, and the one it was trained on. */
  'encoders.datasets': call(runRef, z.object({ own: z.string(), datasets: z.array(z.string()) })),
  /** Encodes the images of a folder or a dataset; the task's result is the embedding's id. */
  'embeddings.create': call(embedInputSchema, z.object({ task: taskSchema })),
  /** Newest first. */
  'embeddings.list': call(none, z.object({ embeddings: z.array(embeddingSchema) })),
  /**
   * Figures of a dataset's codes, of its runs and kept ones: all of these, and as many of the best runs as `runs` says; the best
   * linear probe first.
   */
  'embeddings.beside': call(
    z.strictObject({ dataset: idSchema, runs: z.int().min(0).max(1000).default(20) }),
    z.object({ rows: z.array(codeRowSchema), total: z.int() }),
  ),
  /** As `explore`, of kept codes of a dataset. */
  'embeddings.explore': call(embeddingQuestionSchema, z.object({ result: resultSchema })),
  /** Forgets them; a file that was written stays. */
  'embeddings.remove': call(z.strictObject({ embedding: idSchema }), none),
  /** A path that does not exist yet, in the user's documents folder, for the form. */
  'embeddings.suggest': call(
    z.strictObject({
      encoder: z.union([z.strictObject({ run: idSchema }), z.strictObject({ model: path })]),
      format: z.enum(embeddingFormats),
    }),
    z.object({ file: z.string() }),
  ),

  'tasks.list': call(none, z.object({ tasks: z.array(taskSchema) })),
  'tasks.show': call(z.strictObject({ task: idSchema }), z.object({ task: taskSchema })),
  'tasks.cancel': call(z.strictObject({ task: idSchema }), z.object({ task: taskSchema })),

  /** Loss and gradients at given weights; see the command line's `objective`. */
  objective: call(
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
  /** Another engine has taken the home: this one is about to end, and has stored nothing since. */
  z.object({ type: z.literal('homeLost'), error: errorInfoSchema }),
])
export type EngineEvent = z.infer<typeof eventSchema>
