import { z } from 'zod'
import { idSchema, runSchema, runStates } from './domain.ts'

/** What the comparison view shows. Everything is computed and worded by the engine; a view only draws. */

const number = z.number().nullable()
export const betters = ['lower', 'higher', 'neither'] as const
export type Better = (typeof betters)[number]

/** Runs of one dataset, variant and settings, which differ in their seed only. */
export const groupSchema = z.object({
  /** The same for the same settings, whatever else is compared. */
  id: z.string(),
  /** Unique among the groups: the cell's of an experiment, the run's name where there is one run, else the variant with what sets it apart from the others of it. */
  title: z.string(),
  /** Whether the title is a name that a person gave. */
  named: z.boolean(),
  variant: z.string(),
  /** That of its first run: seeds of one setting share a hue. */
  colour: z.int(),
  /** Ids, in the order of the comparison's runs. */
  runs: z.array(idSchema),
  seeds: z.array(z.int()),
  /** The run of each seed that stands in the figures: the one evaluated by the newest version of the evaluation, and of these the newest. */
  counted: z.array(z.object({ seed: z.int(), run: idSchema })),
  /** Seeds that have no evaluation, and why. */
  missing: z.array(z.object({ seed: z.int(), run: idSchema, state: z.enum(runStates) })),
})
export type Group = z.infer<typeof groupSchema>

/** A figure over a group's seeds. All null (texts `–`) where none has it; `half`, `low`, `high`, `deviation` null with fewer than two. */
export const estimateSchema = z.object({
  n: z.int(),
  mean: number,
  deviation: number,
  /** The 95% interval of the mean (Student's t) is mean ± half. */
  half: number,
  low: number,
  high: number,
  /** One for each of the group's `counted`; null where that run has none. */
  values: z.array(number),
  /** `93.0 ± 0.4`, with the digits that the interval allows; `93.0` for a single seed. In the row's unit. */
  text: z.string(),
  meanText: z.string(),
  /** Empty where there is no interval. */
  halfText: z.string(),
})
export type GroupEstimate = z.infer<typeof estimateSchema>

export const verdicts = ['better', 'worse', 'higher', 'lower', 'undecided', 'untested'] as const
/** A group's figure minus a baseline's, paired by seed. */
export const differenceSchema = z.object({
  /** Indices of groups. */
  group: z.int(),
  baseline: z.int(),
  /** Seeds that both have. */
  seeds: z.array(z.int()),
  mean: number,
  low: number,
  high: number,
  /** Two-sided, of Student's paired test; and corrected by Holm over all differences of this figure. */
  p: number,
  corrected: number,
  /** `undecided`: the corrected p is not below 0.05. `untested`: there are not two pairs, or they are not comparable. */
  verdict: z.enum(verdicts),
  /** `-1.2 (-1.7 to -0.7)`, in the row's unit. */
  text: z.string(),
  /** Says all of that in plain words. */
  sentence: z.string(),
})
export type Difference = z.infer<typeof differenceSchema>

const figureHead = { key: z.string(), title: z.string(), unit: z.string(), better: z.enum(betters) }

export const groupFigureSchema = z.object({
  ...figureHead,
  /** One for each group. */
  estimates: z.array(estimateSchema),
  /** Groups with the best mean to the digits shown; empty where none can be called best. */
  best: z.array(z.int()),
  differences: z.array(differenceSchema),
  /** How many of the differences were tested, hence corrected for. */
  tested: z.int(),
})
export type GroupFigure = z.infer<typeof groupFigureSchema>

/** Settings that differ, nested as the config is: `Training`, `Pretraining` with its `Regularizer`. */
export interface SettingSection {
  key: string
  title: string
  rows: { key: string; title: string; values: string[]; groupValues: string[] }[]
  sections: SettingSection[]
}
export const settingSectionSchema: z.ZodType<SettingSection> = z.object({
  key: z.string(),
  title: z.string(),
  /** `values` by run; `groupValues` by group. */
  rows: z.array(z.object({ key: z.string(), title: z.string(), values: z.array(z.string()), groupValues: z.array(z.string()) })),
  get sections() { return z.array(settingSectionSchema) },
})

export const compareInputSchema = z.strictObject({
  runs: z.array(idSchema).min(2).max(1000),
  /** Id of the group that others are compared with, or of a run in it; without one see `comparisonSchema.baseline`. */
  baseline: idSchema.optional(),
  /** Key of the figure that the sentences are to be about. */
  figure: z.string().max(200).optional(),
})

/** What `compare` gives and `aebench compare --json` prints. */
export const comparisonSchema = z.object({
  runs: z.array(runSchema),
  /** Settings in which the runs differ: one row a setting, one value a run (in the order of `runs`). */
  differences: z.array(z.object({ key: z.string(), title: z.string(), values: z.array(z.string()) })),
  /** The same, nested, by run and by group. */
  settings: z.array(settingSectionSchema),
  /** One row a figure of the evaluation. */
  figures: z.array(z.object({
    ...figureHead,
    values: z.array(number),
    /** The values as they are to be shown. */
    texts: z.array(z.string()),
    /** Indices of the best runs; empty where fewer than two have a value or none is better. */
    best: z.array(z.int()),
  })),
  groups: z.array(groupSchema),
  /** Index of the group that the others are compared with, or null: with one group, and where each is compared with that group of the baseline's variant that shares its other settings. */
  baseline: z.int().nullable(),
  /** The same figures by group, with the differences to the baseline. */
  groupFigures: z.array(groupFigureSchema),
  /** Key of the figure that the sentences are about. */
  headline: z.string().nullable(),
  /** One for each difference of the headline figure, largest gain first; with one seed each, what one cannot tell. */
  sentences: z.array(z.string()),
  /** What was corrected for, where there are several differences; else null. */
  correction: z.string().nullable(),
  /** Keys of series that at least one run has, in a sensible order. */
  seriesKeys: z.array(z.string()),
  /** Warnings about what is not comparable, e.g. different datasets; each one sentence. */
  notes: z.array(z.string()),
  /** The first of `sentences`. */
  sentence: z.string(),
})
export type Comparison = z.infer<typeof comparisonSchema>
