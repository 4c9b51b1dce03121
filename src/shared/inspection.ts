import { z } from 'zod'
import { datasetNoteSchema, errorInfoSchema, fits, imagesSchema, splits } from './domain.ts'
import { fittingSchema, sizeReasons } from './fitting.ts'

/** What an import would make of a source, told before it begins. */

const sizeSchema = z.object({ width: z.int(), height: z.int() })

const rangeSchema = z.object({ from: z.number(), to: z.number(), reason: z.string() }).nullable()

/** How deep values are, and what they are. */
const depthSchema = z.object({ bits: z.int(), kind: z.enum(['unsigned', 'signed', 'float', 'boolean']) })
export type Depth = z.infer<typeof depthSchema>
const kinds = { unsigned: 'unsigned integers', signed: 'signed integers', float: 'floats', boolean: 'booleans' }
/** For people: `unsigned integers of 16 bits`. */
export const depthText = ({ bits, kind, mixed }: Depth & { mixed: boolean }): string =>
  (kind === 'boolean' ? kinds[kind] : `${kinds[kind]} of ${bits} ${bits === 1 ? 'bit' : 'bits'}`) +
  (mixed ? ', and of other depths' : '')

/** Files of several pages or frames, how many these have together, and how many files were looked at for that. */
const severalSchema = z.object({ files: z.int(), pages: z.int(), looked: z.int() })
export type Several = z.infer<typeof severalSchema>

/** Images of each part. Validation is 0 where each run's seed draws it from those for training. */
const partCountsSchema = z.object({ train: z.int(), validation: z.int(), test: z.int() })
export type PartCounts = z.infer<typeof partCountsSchema>

/** How many images each class has in each part, and how many have no label. */
export const classTableSchema = z.object({
  classes: z.array(partCountsSchema.extend({ name: z.string() })),
  unlabelled: partCountsSchema,
})
export type ClassTable = z.infer<typeof classTableSchema>

/** What was left out for one reason. */
const leftOutSchema = z.object({
  reason: z.string(),
  count: z.int(),
  /** The first few of them. */
  names: z.array(z.string()),
})
export type LeftOut = z.infer<typeof leftOutSchema>

export const inspectionSchema = z.object({
  /** `folder`; `sample` or `synthetic` (sets of the workbench, of files or computed); `dataset` (one that is here); or a format. */
  kind: z.string(),
  /** What a set of the workbench is, in a sentence. */
  about: z.string().nullable(),
  /** False for vectors, which have no size and no patches. */
  images: z.boolean(),
  /**
   * Files or rows of the source; of a folder with very many files, of those that were found before the search was ended
   * (`truncated`).
   */
  files: z.int(),
  truncated: z.boolean(),
  /** Of a folder: how many files were opened, as far as their headers. What lies behind a header only the import sees. */
  checked: z.int(),
  /** Rows that the import makes, as far as that can be told before anything is decoded. */
  count: z.int(),
  classes: z.array(z.string()),
  /** Images of each part; null where it cannot be told. */
  parts: partCountsSchema.nullable(),
  /** Which parts the source brings; the others are drawn. */
  brought: z.array(z.enum(['validation', 'test'])),
  byClass: classTableSchema.nullable(),
  /** Where labels come from, for people; null: there are none. */
  labelsFrom: z.string().nullable(),
  /** The size that the import makes of the images, and their channels. */
  width: z.int().nullable(),
  height: z.int().nullable(),
  channels: z.int().nullable(),
  /** Why it is this size; null where nothing is to be said of it. */
  sizedBy: z.enum(sizeReasons).nullable(),
  fit: z.enum(fits),
  /** What this fit and the others do to the images; null where no size of an image is known. */
  fitting: fittingSchema.nullable(),
  /** Of a folder, by some of its images: `width` and `height` are what all or most have; where sizes differ, their medians. */
  sizes: z
    .object({
      agree: z.enum(['all', 'most', 'differ']),
      width: z.int(),
      height: z.int(),
      smallest: sizeSchema,
      largest: sizeSchema,
    })
    .nullable(),
  /** How deep the values are, by some of the images; where depths differ (`mixed`), the deepest. */
  depth: depthSchema.extend({ mixed: z.boolean() }).nullable(),
  /** Of image files, some of which are looked at; null where none has several pages or frames. */
  pages: severalSchema.nullable(),
  /**
   * Which values become 0 to 255: those of bytes, and those of all wider numbers; null where there are none, or where all are
   * bytes as usual.
   */
  ranges: z.object({ bytes: rangeSchema, wide: rangeSchema }).nullable(),
  /** What is left out and why, the most frequent reason first. */
  skippedCount: z.int(),
  skipped: z.array(leftOutSchema),
  /** What the import would note, as far as that is known. */
  notes: z.array(datasetNoteSchema),
  /** Why it would be refused, as far as that is known. */
  problem: errorInfoSchema.nullable(),
  suggestedName: z.string(),
})
export type Inspection = z.infer<typeof inspectionSchema>

/** Images as they would be stored. */
export const importPreviewSchema = z.object({
  images: imagesSchema,
  /** Of each image. `part`: null where it is drawn; `label`: null where it has none. */
  shown: z.array(
    z.object({
      label: z.string().nullable(),
      part: z.enum(splits).nullable(),
      path: z.string().nullable(),
    }),
  ),
  /** Chosen, and not readable. */
  skipped: z.array(z.object({ path: z.string(), reason: z.string() })),
  /** Where they were asked for: images, of other proportions if there are such, by each fit; or why one cannot be shown. */
  fitted: z.array(z.object({ fit: z.enum(fits), images: imagesSchema.nullable(), problem: errorInfoSchema.nullable() })),
})
export type ImportPreview = z.infer<typeof importPreviewSchema>
