import { z } from 'zod'
import { idSchema, runSchema, runStates } from './domain.ts'
import { figureHead } from './figures.ts'
import { thousands } from './words.ts'

/** What the comparison view shows. Everything is computed and worded by the engine; a view only draws. */

const number = z.number().nullable()

/** Runs of one dataset, variant and settings, which differ in their seed only. */
const groupSchema = z.object({
  /** The same for the same settings, whatever else is compared. */
  id: z.string(),
  /**
   * Unique among the groups: the cell's of an experiment, the run's name where there is one run, else the variant with what sets
   * it apart from the others of it.
   */
  title: z.string(),
  /** Whether the title is a name that a person gave. */
  named: z.boolean(),
  variant: z.string(),
  /** That of its first run: seeds of one setting share a hue. */
  colour: z.int(),
  /** Ids, in the order of the comparison's runs. */
  runs: z.array(idSchema),
  seeds: z.array(z.int()),
  /**
   * The run of each seed that stands in the figures: the one evaluated by the newest version of the evaluation, and of these the
   * newest.
   */
  counted: z.array(z.object({ seed: z.int(), run: idSchema })),
  /** Seeds that have no evaluation, and why. */
  missing: z.array(z.object({ seed: z.int(), run: idSchema, state: z.enum(runStates) })),
})
export type Group = z.infer<typeof groupSchema>

/** A figure over a group's seeds. All null (texts `–`) where none has it; `half`, `low`, `high`, `deviation` null with fewer than two. */
const estimateSchema = z.object({
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

const verdicts = ['better', 'worse', 'higher', 'lower', 'same', 'undecided', 'untested'] as const
/** A group's figure minus a baseline's, paired by seed. */
const differenceSchema = z.object({
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
  /**
   * `same`: every pair is equal. `undecided`: the corrected p is not below 0.05. `untested`: there are not two pairs, they
   * differ by exactly the same, or are not comparable.
   */
  verdict: z.enum(verdicts),
  /** The same as a row says it, with the reason: `better`, `not after correction for 9 comparisons`, `not tested: one seed`. */
  verdictText: z.string(),
  /** The corrected p: `0.032`, `< 0.0001`; `–` where nothing was tested. */
  correctedText: z.string(),
  /** `−1.2 (−1.7 to −0.7)`, in the row's unit. */
  text: z.string(),
  /** Says all of that in plain words. */
  sentence: z.string(),
})
export type Difference = z.infer<typeof differenceSchema>

const groupFigureSchema = z.object({
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

const figureRowSchema = z.object({
  ...figureHead,
  values: z.array(number),
  /** The values as they are to be shown. */
  texts: z.array(z.string()),
  /** Indices of the best runs; empty where fewer than two have a value or none is better. */
  best: z.array(z.int()),
})
export type FigureRow = z.infer<typeof figureRowSchema>

/** Settings that differ, nested as the config is: `Training`, `Pretraining` with its `Regularizer`. */
export interface SettingSection {
  key: string
  title: string
  rows: { key: string; title: string; values: string[]; groupValues: string[]; lacking: boolean }[]
  sections: SettingSection[]
}
const settingSectionSchema: z.ZodType<SettingSection> = z.object({
  key: z.string(),
  title: z.string(),
  /** `values` by run; `groupValues` by group. `lacking`: all that have the setting have the same value, others do not have it. */
  rows: z.array(
    z.object({
      key: z.string(),
      title: z.string(),
      values: z.array(z.string()),
      groupValues: z.array(z.string()),
      lacking: z.boolean(),
    }),
  ),
  get sections() {
    return z.array(settingSectionSchema)
  },
})

/** So many runs are compared at a time: figures of each are sent, and differences among them are found. */
export const mostCompared = 1000
export const comparedRuns = (least: number) =>
  z
    .array(idSchema)
    .min(least)
    .max(
      mostCompared,
      `At most ${thousands(mostCompared)} runs are ` +
        'compared at a time; leave some out, or group the table of runs, which takes any number.',
    )

/** How a comparison is asked for, whether to be shown or to be written. */
const comparisonOptions = {
  /**
   * Id of the group that others are compared with, or of a run in it; `experiment:ID`: what the plan of that experiment says,
   * whose cells then give the groups their names. Without one see `comparisonSchema.baseline`.
   */
  baseline: idSchema.optional(),
  /** Key of the figure that the sentences are to be about. */
  figure: z.string().max(200).optional(),
}
export const compareInputSchema = z.strictObject({
  runs: comparedRuns(2),
  ...comparisonOptions,
})

/** What `compare` gives and `aebench compare --json` prints. */
export const comparisonSchema = z.object({
  runs: z.array(runSchema),
  /** Settings in which the runs differ: one row a setting, one value a run (in the order of `runs`). */
  differences: z.array(z.object({ key: z.string(), title: z.string(), values: z.array(z.string()) })),
  /** The same, nested, by run and by group. */
  settings: z.array(settingSectionSchema),
  /** One row a figure of the evaluation. */
  figures: z.array(figureRowSchema),
  groups: z.array(groupSchema),
  /**
   * Index of the group that the others are compared with, or null: with one group, and where each is compared with that group of
   * the baseline's variant that shares its other settings.
   */
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
  /** What of them may be drawn over each other. */
  curves: z.object({
    /** In the order of `seriesKeys`. Of each the groups (by index) that are measured on the same, so that they may share a chart. */
    series: z.array(
      z.object({
        key: z.string(),
        /** `words`: what it is measured on, `on clean inputs`; empty where nothing needs to be said. */
        kinds: z.array(z.object({ words: z.string(), unit: z.string(), groups: z.array(z.int()) })),
      }),
    ),
    /** Keys of those that are shown where nobody chooses: the clean squared error, which means the same for every variant. */
    usual: z.array(z.string()),
    /** What each one's loss is measured on where that differs, and who has no clean squared error, and why; each one sentence. */
    notes: z.array(z.string()),
  }),
  /** By id of a run what is to be known of its likelihoods, where there is something: a sentence each. */
  likelihoods: z.record(z.string(), z.array(z.string())).default({}),
  /** Warnings about what is not comparable, e.g. different datasets; each one sentence. */
  notes: z.array(z.string()),
  /** The first of `sentences`. */
  sentence: z.string(),
})
export type Comparison = z.infer<typeof comparisonSchema>

const exportKinds = ['csv', 'latex', 'report'] as const
export const exportTables = ['groups', 'differences', 'runs', 'settings'] as const
export const compareExportInputSchema = z.strictObject({
  runs: comparedRuns(2),
  ...comparisonOptions,
  kind: z.enum(exportKinds),
  /** Which table; of no use for a report, which has all. */
  table: z.enum(exportTables).default('groups'),
  /** Of CSV: with the byte order mark that some spreadsheets need. */
  bom: z.boolean().default(false),
  /** An absolute path. Without one the text comes back instead. */
  out: z.string().min(1).max(32_768).optional(),
  /** Replaces a file that is there. */
  force: z.boolean().default(false),
})
export const compareExportSchema = z.object({
  /** What a file of it may be called: `comparison.csv`. */
  name: z.string(),
  /** MIME type. */
  type: z.string(),
  /** Of UTF-8. */
  bytes: z.int(),
  /** Where it was written, or null. */
  file: z.string().nullable(),
  /** What was not written to a file; else null. */
  text: z.string().nullable(),
})
export type CompareExport = z.infer<typeof compareExportSchema>
