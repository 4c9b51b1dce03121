import { z } from 'zod'
import { comparedRuns } from './comparison.ts'
import { idSchema } from './domain.ts'

/** Curves of several runs, as they are asked for and as they are drawn. */

const number = z.number().nullable()
const axes = ['step', 'epoch', 'time'] as const
export const lineKinds = ['run', 'group'] as const
/** Steps, epochs, or seconds of training, by the axis. */
const place = z.number().optional()

/** How curves are asked for: the part of the axis that is looked at, and how finely. */
const lineOptions = {
  runs: comparedRuns(1),
  /** A line for each run, or for each group of seeds: their mean with a band. */
  by: z.enum(lineKinds).default('run'),
  /** Weight of the past in exponential smoothing; 0: none. */
  smoothing: z.number().min(0).max(0.9999).default(0),
  /** Of which series: all, or those of training, which are of single batches and noisy. */
  smooth: z.enum(['all', 'training']).default('all'),
  /**
   * The 95% interval of the mean, or from the lowest seed to the highest. `seeds`: the interval, but of two seeds, whose interval
   * says next to nothing and covers everything, the two themselves.
   */
  band: z.enum(['interval', 'range', 'seeds']).default('interval'),
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
/** A run or a group of runs, in a plot or as a line. */
export const subjectHead = {
  /** Of the run or of the group. */
  id: z.string(),
  title: z.string(),
  named: z.boolean(),
  colour: z.int(),
  variant: z.string(),
  /** The runs that it is of. */
  runs: z.array(idSchema),
}
const lineHead = {
  ...subjectHead,
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
  /** It is one value without steps, as of what is computed in closed form: a level to compare with, drawn along the whole axis. */
  level: z.boolean(),
  /** The band around a group's mean; NaN where fewer than two seeds are under way. All three null for a single run. */
  low: column.nullable(),
  high: column.nullable(),
  /** `low` and `high` are two seeds themselves, and no band. */
  pair: z.boolean(),
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
