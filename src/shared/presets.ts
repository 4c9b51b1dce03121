import { z } from 'zod'
import { settingsSchema } from './config.ts'
import { idSchema, type Dataset } from './domain.ts'
import { shapeSchema, type Shape } from './shape.ts'

/** Presets: published experiments as named, complete settings, with the figures that were reported beside what comes out here. */

export const presetForms = ['quick', 'paper'] as const
export type PresetForm = (typeof presetForms)[number]

/** A figure as it was published. */
const referenceSchema = z.object({
  /** Which of a run's figures it stands beside. */
  figure: z.string(),
  title: z.string(),
  unit: z.string(),
  value: z.number(),
  /** The value as it is to be shown, with its uncertainty where that was published. */
  text: z.string(),
  /** What it is, in the publication's terms. */
  says: z.string(),
  /** Where it stands there. */
  where: z.string(),
})
export type Reference = z.infer<typeof referenceSchema>

const presetRunSchema = z.object({
  id: idSchema,
  title: z.string(),
  /** What a run of it is called unless its user names it. */
  name: z.string(),
  variant: z.string(),
  seed: z.int(),
  settings: settingsSchema,
  references: z.array(referenceSchema),
})

/** A published figure beside which no run stands. */
const statedSchema = z.object({ title: z.string(), text: z.string(), where: z.string() })

export const presetSchema = z.object({
  id: idSchema,
  title: z.string(),
  /** Authors and year. */
  cite: z.string(),
  /** Authors, year, title and place. */
  reference: z.string(),
  /** What was done and found there. */
  summary: z.string(),
  dataset: z.object({
    title: z.string(),
    /** By its `source` a dataset is known to be the one, and by the shape of its images where one is given. */
    source: z.string(),
    shape: shapeSchema.nullable(),
    /** What the command line makes it with. */
    command: z.string(),
  }),
  forms: z.array(
    z.object({
      form: z.enum(presetForms),
      /** In what it departs from the publication. */
      note: z.string(),
      /** About how long all its runs take on 2 cores. */
      seconds: z.number(),
      runs: z.array(presetRunSchema),
      stated: z.array(statedSchema),
    }),
  ),
})
export type PresetInfo = z.infer<typeof presetSchema>
export type PresetFormInfo = PresetInfo['forms'][number]

/** Whether a dataset is the one that a preset needs. */
export const isDatasetOf = (
  wanted: { source: string; shape?: Shape | null },
  { source, width, height, channels }: Pick<Dataset, 'source' | keyof Shape>,
): boolean =>
  source === wanted.source &&
  (!wanted.shape || (width === wanted.shape.width && height === wanted.shape.height && channels === wanted.shape.channels))

/** What a run came to beside what was published. */
export const outcomeSchema = z.object({
  preset: z.string(),
  title: z.string(),
  form: z.enum(presetForms),
  /** Of the run in the preset. */
  run: z.string(),
  rows: z.array(
    referenceSchema.extend({
      /** Null where the run does not have the figure yet. */
      obtained: z.number().nullable(),
      obtainedText: z.string(),
      /** One plain sentence: by how much they differ. */
      sentence: z.string(),
    }),
  ),
  stated: z.array(statedSchema),
  /** Why they may differ: one sentence each. */
  reasons: z.array(z.string()),
})
export type Outcome = z.infer<typeof outcomeSchema>
