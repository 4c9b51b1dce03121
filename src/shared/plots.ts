import { z } from 'zod'
import { comparedRuns } from './comparison.ts'
import { betters } from './figures.ts'
import { lineKinds, subjectHead } from './comparisonLines.ts'
import { idSchema } from './domain.ts'

/** Runs over two settings or figures, or many: parallel coordinates, scatter plots, heat maps. */

const number = z.number().nullable()
/**
 * What can stand on an axis: a setting, a figure, the latest value of a curve, or one of `dataset`, `variant`, `seed`,
 * `parameters`, `seconds`.
 */
const axisKey = z.string().min(1).max(300)
const plotInput = { runs: comparedRuns(1), by: z.enum(lineKinds).default('run') }
export const parallelInputSchema = z.strictObject({
  ...plotInput,
  /** In their order; without them the settings that differ and the figures that can be ranked. */
  keys: z.array(axisKey).min(1).max(50).optional(),
})
export const scatterInputSchema = z.strictObject({ ...plotInput, x: axisKey, y: axisKey })
export const heatMapInputSchema = z.strictObject({ runs: comparedRuns(1), x: axisKey, y: axisKey, figure: axisKey })

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
