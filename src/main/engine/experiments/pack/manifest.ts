import { z } from 'zod'
import { datasetSchema, runSchema } from '../../../../shared/domain.ts'
import { cellSchema, planSchema } from '../../../../shared/experiments.ts'
import { eachOf } from './eachOf.ts'

/**
 * A packed experiment is a zip archive of
 * - `manifest.json`: what it is, and of every other part its size and SHA-256
 * - `experiment.json`: the plan, its cells and which run stands where
 * - `runs/ID/run.json`, `series.bin`, `previews/STEP.bin`: rows; the last two by the shared codec, because curves hold NaN and
 * pictures bytes
 * - `runs/ID/checkpoints/NAME.safetensors`
 * - `dataset/NAME`, with the images only: the dataset's folder as it is
 */
export const format = 'autoencoder-workbench-experiment'
export const formatVersion = 1
export const manifestName = 'manifest.json'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
/** Ids come from the file and become names of folders. */
const id = z.string().regex(/^[a-z][a-z0-9]{1,40}$/)

/** The only names that parts may have: none leads out of its folder. */
const partName = new RegExp(
  String.raw`^(experiment\.json|runs/[a-z][a-z0-9]{1,40}/(run\.json|series\.bin|previews/\d{1,12}\.bin` +
    String.raw`|checkpoints/[a-z0-9-]{1,60}\.safetensors)|dataset/[a-z]{1,20}\.(bin|json))$`,
)
export const checkpointPart = /^[a-z0-9-]{1,60}\.safetensors$/
export const datasetPart = /^[a-z]{1,20}\.(bin|json)$/

export const manifestSchema = z.object({
  format: z.literal(format),
  formatVersion: z.int(),
  /** Version of the workbench that wrote it, and when. */
  workbench: z.string(),
  packedAt: z.string(),
  experiment: z.object({ id, name: z.string() }),
  /** What its runs were trained on: by its fingerprint it is found again. */
  dataset: datasetSchema,
  withDataset: z.boolean(),
  runs: eachOf(id),
  parts: eachOf(z.object({ name: z.string().regex(partName), bytes: z.int().min(0), sha256 })),
})
export type Manifest = z.infer<typeof manifestSchema>

export const packedExperimentSchema = z.object({
  experiment: z.object({
    id,
    name: z.string(),
    plan: planSchema,
    cells: eachOf(cellSchema),
    baseline: z.int().nullable(),
    wanted: z.enum(['running', 'paused', 'cancelled']),
    createdAt: z.string(),
    endedAt: z.string().nullable(),
  }),
  members: eachOf(z.object({ cell: z.int(), seed: z.int(), run: id.nullable(), reused: z.boolean() })),
})

export const packedRunSchema = z.object({ run: runSchema.extend({ id }), version: z.string().nullable() })
