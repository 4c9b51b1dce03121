import { z } from 'zod'
import {
  datasetSchema,
  fits,
  idSchema,
  imagesSchema,
  nameSchema,
  pointsSchema,
  skippedSchema,
  splits,
  taskSchema,
} from '../domain.ts'
import { classTableSchema, importPreviewSchema, inspectionSchema } from '../inspection.ts'
import { offeredSetSchema } from '../offeredSets.ts'
import { contrasts } from '../patches.ts'
import { sharesForm, sharesSentence } from '../split.ts'
import { parseRange, rangeForms } from '../valueRange.ts'
import { call, none, path } from './call.ts'

const columnName = z.string().min(1).max(200).optional()
const importSchema = z.strictObject({
  /** Defaults to the folder's or file's name. */
  name: nameSchema.optional(),
  /**
   * A folder, an IDX images file, a `.npz`, the name of a set that comes with the workbench, or (for patches) `dataset:` and a
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
  split: z.string().max(30, sharesSentence).regex(sharesForm, sharesSentence).optional(),
  splitSeed: z.int().min(0).max(2_147_483_647).optional(),
  width: z.int().min(1).max(4096).optional(),
  height: z.int().min(1).max(4096).optional(),
  channels: z.union([z.literal(1), z.literal(3)]).optional(),
  /** Channels of the source to take, counted from 0: one as gray, or three as red, green and blue. */
  pick: z
    .array(z.int().min(0).max(65_535))
    .refine(({ length }) => length === 1 || length === 3, 'Take one channel as gray, or three as red, green and blue.')
    .optional(),
  /** What becomes 0 to 255, where it is not for the import to decide: `data`, `image`, `A..B` or `pA..pB` (see valueRange.ts). */
  range: z
    .string()
    .max(100)
    .refine((text) => parseRange(text) !== null, `That is not a range of values; write ${rangeForms}.`)
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

export const datasetCalls = {
  /** The sets that come with the workbench, in the order in which they are offered. */
  'datasets.offered': call(none, z.object({ sets: z.array(offeredSetSchema) })),
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
      /** So many are also given by each fit, to choose one by. */
      fitted: z.int().min(0).max(16).default(0),
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
}
