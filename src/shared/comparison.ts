import { z } from 'zod'
import { idSchema, runSchema, runStates } from './domain.ts'
import { thousands } from './words.ts'

/** What the comparison view shows. Everything is computed and worded by the engine; a view only draws. */

const number = z.number().nullable()
export const betters = ['lower', 'higher', 'neither'] as const
export type Better = (typeof betters)[number]

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

export const verdicts = ['better', 'worse', 'higher', 'lower', 'same', 'undecided', 'untested'] as const
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

const figureHead = { key: z.string(), title: z.string(), unit: z.string(), better: z.enum(betters) }

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
const comparedRuns = (least: number) =>
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
  figures: z.array(
    z.object({
      ...figureHead,
      values: z.array(number),
      /** The values as they are to be shown. */
      texts: z.array(z.string()),
      /** Indices of the best runs; empty where fewer than two have a value or none is better. */
      best: z.array(z.int()),
    }),
  ),
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
  /** Warnings about what is not comparable, e.g. different datasets; each one sentence. */
  notes: z.array(z.string()),
  /** The first of `sentences`. */
  sentence: z.string(),
})
export type Comparison = z.infer<typeof comparisonSchema>

export const axes = ['step', 'epoch', 'time'] as const
const lineKinds = ['run', 'group'] as const
/** Steps, epochs, or seconds of training, by the axis. */
const place = z.number().optional()
const runsInput = comparedRuns(1)

/** How curves are asked for: the part of the axis that is looked at, and how finely. */
const lineOptions = {
  runs: runsInput,
  /** A line for each run, or for each group of seeds: their mean with a band. */
  by: z.enum(lineKinds).default('run'),
  /** Weight of the past in exponential smoothing; 0: none. */
  smoothing: z.number().min(0).max(0.9999).default(0),
  /** The 95% interval of the mean, or from the lowest seed to the highest. */
  band: z.enum(['interval', 'range']).default('interval'),
  axis: z.enum(axes).default('step'),
  from: place,
  to: place,
  /** Columns of pixels: of each the first, last, lowest and highest point is kept. */
  columns: z.int().min(10).max(10_000).default(1000),
  /** Whether the axis is. */
  logarithmic: z.boolean().default(false),
}
export const linesInputSchema = z.strictObject({ ...lineOptions, keys: z.array(z.string().min(1).max(300)).min(1).max(50) })
export type LinesInput = z.infer<typeof linesInputSchema>
export const termsInputSchema = z.strictObject({ ...lineOptions, split: z.enum(['train', 'validation']).default('train') })

const column = z.instanceof(Float64Array)
const lineHead = {
  /** Of the run or of the group. */
  id: z.string(),
  title: z.string(),
  named: z.boolean(),
  colour: z.int(),
  variant: z.string(),
  /** The runs that it is of. */
  runs: z.array(idSchema),
  /** How many there were before they were reduced to what can be seen. */
  points: z.int(),
  step: column,
  epoch: column,
  /** Of training; the mean of a group's. */
  seconds: column,
}
/** One series of a run or group. Columns are of equal length; NaN is a gap. */
export const lineSchema = z.object({
  ...lineHead,
  key: z.string(),
  /** As drawn: smoothed, where that was asked for. */
  value: column,
  /** As measured, at the same points (of a group the mean over its seeds): what is read as a number. Null where nothing was smoothed. */
  raw: column.nullable(),
  /**
   * The last measured value; of a group the mean over its seeds of each one's last. Never smoothed, and of the whole axis
   * whichever part was asked for.
   */
  last: z.object({ value: number, n: z.int() }),
  /** It is one value without steps, as of what is computed in one go: a level to compare with, drawn along the whole axis. */
  level: z.boolean(),
  /** The band around a group's mean; NaN where fewer than two seeds are under way. All three null for a single run. */
  low: column.nullable(),
  high: column.nullable(),
  /** Of how many seeds the mean is. */
  n: z.instanceof(Uint16Array).nullable(),
})
export type CompareLine = z.infer<typeof lineSchema>

/** The terms of an objective stacked: each lies between `lower` and `upper`, and the last `upper` is the loss. */
export const termsSchema = z.object({
  ...lineHead,
  split: z.enum(['train', 'validation']),
  terms: z.array(
    z.object({
      term: z.string(),
      value: column,
      lower: column,
      upper: column,
      /** As measured, at the same points. Null where nothing was smoothed. */
      raw: column.nullable(),
    }),
  ),
})
export type CompareTerms = z.infer<typeof termsSchema>

/**
 * What can stand on an axis: a setting, a figure, the latest value of a curve, or one of `dataset`, `variant`, `seed`,
 * `parameters`, `seconds`.
 */
const axisKey = z.string().min(1).max(300)
const plotInput = { runs: runsInput, by: z.enum(lineKinds).default('run') }
export const parallelInputSchema = z.strictObject({
  ...plotInput,
  /** In their order; without them the settings that differ and the figures that can be ranked. */
  keys: z.array(axisKey).min(1).max(50).optional(),
})
export const scatterInputSchema = z.strictObject({ ...plotInput, x: axisKey, y: axisKey })
export const heatMapInputSchema = z.strictObject({ runs: runsInput, x: axisKey, y: axisKey, figure: axisKey })

const columnHead = {
  key: z.string(),
  title: z.string(),
  unit: z.string(),
  better: z.enum(betters),
  /** A `fact` is what every run has, such as its seed. */
  source: z.enum(['fact', 'setting', 'figure', 'series']),
  /** False where some value is text; and whether there are at least two different values. */
  numeric: z.boolean(),
  varies: z.boolean(),
  /** Variants of the runs that have it. */
  variants: z.array(z.string()),
}
/** What can stand on an axis. */
export type PlotColumnHead = HeatMap['figure']
/** A run or group in a plot. */
const subjectHead = {
  id: z.string(),
  title: z.string(),
  named: z.boolean(),
  colour: z.int(),
  variant: z.string(),
  runs: z.array(idSchema),
}

export const parallelSchema = z.object({
  axes: z.array(
    z.object({
      ...columnHead,
      kind: z.enum(['number', 'choice']),
      logarithmic: z.boolean(),
      /** Places from 0 (bottom) to 1, with what stands there. */
      ticks: z.array(z.object({ place: z.number(), text: z.string() })),
    }),
  ),
  /** One for each run or group: where it crosses each axis (null: it has no value there), and the value as it reads. */
  lines: z.array(z.object({ ...subjectHead, places: z.array(number), texts: z.array(z.string()) })),
  /** Everything that can be an axis of these runs. */
  columns: z.array(z.object(columnHead)),
})
export type Parallel = z.infer<typeof parallelSchema>

export const scatterSchema = z.object({
  x: z.object({ ...columnHead, logarithmic: z.boolean() }),
  y: z.object({ ...columnHead, logarithmic: z.boolean() }),
  points: z.array(
    z.object({
      ...subjectHead,
      x: z.number(),
      y: z.number(),
      xText: z.string(),
      yText: z.string(),
      /** 95% intervals of a group's means; null where there are none. */
      xInterval: z.tuple([z.number(), z.number()]).nullable(),
      yInterval: z.tuple([z.number(), z.number()]).nullable(),
      /** Whether it lies on the Pareto front: no other is better in one and not worse in the other. */
      front: z.boolean(),
    }),
  ),
  /** Indices of the points on the front, ascending x. */
  front: z.array(z.int()),
  /** Why there is no front, or who is left out; else null. */
  note: z.string().nullable(),
  /** Everything numeric that can be an axis of these runs. */
  columns: z.array(z.object(columnHead)),
})
export type Scatter = z.infer<typeof scatterSchema>

export const heatMapSchema = z.object({
  x: z.object({ ...columnHead, values: z.array(z.string()) }),
  y: z.object({ ...columnHead, values: z.array(z.string()) }),
  figure: z.object(columnHead),
  /** By rows of y, in each by x. `shade`: from 0 at the lowest mean to 1 at the highest; null where nothing is. */
  cells: z.array(
    z.array(
      z.object({
        mean: number,
        text: z.string(),
        shade: number,
        best: z.boolean(),
        groups: z.array(z.string()),
        runs: z.array(idSchema),
      }),
    ),
  ),
  /** What the means hide, e.g. that other settings differ, too; else null. */
  note: z.string().nullable(),
  /** What can be an axis: settings that have at least two values here. */
  settings: z.array(z.object(columnHead)),
  figures: z.array(z.object(columnHead)),
})
export type HeatMap = z.infer<typeof heatMapSchema>

const exportKinds = ['csv', 'latex', 'report'] as const
export const exportTables = ['groups', 'differences', 'runs', 'settings'] as const
export const compareExportInputSchema = z.strictObject({
  runs: comparedRuns(2),
  ...comparisonOptions,
  kind: z.enum(exportKinds),
  /** Which table; of no use for a report, which has all. */
  table: z.enum(exportTables).default('groups'),
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
