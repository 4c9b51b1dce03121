import { z } from 'zod'
import { datasetSchema } from '../../../shared/domain.ts'
import { reasons } from './values/range.ts'

/**
 * What lies in a dataset's folder:
 * - `pixels.bin`: the rows, one after the other: uint8 [height, width, channels] for images, float32 little-endian for vectors
 * - `labels.bin`: int32 per row, -1 where a row has none (only with labels)
 * - `test.bin`: uint32 row numbers of the test split, ascending
 * - `validation.bin`: the same of the validation part that the source brought (only where it brought one)
 * - `groups.bin`: int32 per row, the number of its group, -1 where it is in none (only with groups)
 * - `copies.bin`: uint32 per row, the first row that is identical (only where rows for training are; absent in datasets of earlier
 * versions, whose runs keep the validation rows that they drew)
 * - `paths.bin`: uint32 offsets (count + 1 of them), then the UTF-8 names of the rows' files (only for folders of images and
 * for patches, which add `@x,y`)
 * - `skipped.json`: [{path, reason}]
 * - `index.json`: this schema
 * - `checksums.json`: see checksums.ts (absent in datasets of earlier versions)
 */
export const files = {
  pixels: 'pixels.bin',
  labels: 'labels.bin',
  test: 'test.bin',
  validation: 'validation.bin',
  groups: 'groups.bin',
  copies: 'copies.bin',
  paths: 'paths.bin',
  skipped: 'skipped.json',
  index: 'index.json',
  checksums: 'checksums.json',
} as const

export const formatVersion = 1

const rangeSchema = z.object({ from: z.number(), to: z.number(), reason: z.enum(reasons) }).nullable()

export const indexSchema = datasetSchema.omit({ id: true, name: true }).extend({
  version: z.literal(formatVersion),
  /** Where rows without a file of their own come from: so many rows of each file, in order. */
  parts: z.array(z.object({ path: z.string(), count: z.int() })).optional(),
  /** What was asked for, to import the same again. Absent in datasets of earlier versions. */
  options: z.record(z.string(), z.unknown()).optional(),
  /** What values of the source became 0 to 255, by the formula of `toByte`. Absent for vectors, and in datasets of earlier versions. */
  ranges: z.object({ bytes: rangeSchema, wide: rangeSchema }).optional(),
  /** Groups that no split divides; absent where there are none. */
  groupCount: z.int().min(1).optional(),
  /** Whether copies among the rows that are not for testing are known, which no drawn validation part divides. */
  copies: z.literal(true).optional(),
  /** Of patches whose contrast was normalised (see patches/contrast.ts): 3s, in levels. */
  contrastLimit: z.number().positive().optional(),
})
export type DatasetIndex = z.infer<typeof indexSchema>
