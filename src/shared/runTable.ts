import { z } from 'zod'
import { idSchema, nameSchema, type Run } from './domain.ts'
import type { rowFields } from './rowFields.ts'
import { betters } from './figures.ts'

/** The table of runs: what travels for it, and what is kept of how somebody wants it. */

/** A run in short. */
export interface RunRow extends Pick<Run, (typeof rowFields)[number]> {
  /** How the notes begin; the whole is with the run. */
  note: string
}

/** Rows by field, so that the names of the fields travel once. */
export type RowColumns = { [K in keyof RunRow]: RunRow[K][] }
export const rowColumnsSchema = z.custom<RowColumns>((value) => typeof value === 'object' && value !== null)

/** What stands in a cell: numbers sort as numbers; null where a run has no such thing. */
const cellValueSchema = z.union([z.number(), z.string()]).nullable()
export type CellValue = z.infer<typeof cellValueSchema>

/** A figure of the evaluation, a setting or the latest value of a series, as a column. */
export const runColumnSchema = z.object({
  /** `squaredError`, `robustness.masking.0.5`; `network.layers`; `validation/loss`. */
  key: z.string(),
  title: z.string(),
  kind: z.enum(['figure', 'setting', 'series']),
  /** What it stands under in a list: `Evaluation`, `Training`, `Regularizer`. */
  section: z.string(),
  numeric: z.boolean(),
  unit: z.string(),
  better: z.enum(betters),
  /** How many runs have it, and whether these differ in it. */
  count: z.int(),
  varies: z.boolean(),
})
export type RunColumn = z.infer<typeof runColumnSchema>

/** Columns in one question at most. */
const mostColumns = 200
const columnKey = z.string().min(1).max(300)
export const columnKeysSchema = z.array(columnKey).max(mostColumns)

export const runValuesSchema = z.object({
  runs: z.array(idSchema),
  /** By column, in the order of `runs`. */
  values: z.record(z.string(), z.array(cellValueSchema)),
})

/** A column over the runs of a group. */
const groupCellSchema = z.object({
  /** `93.0 ± 0.4`; the value that all have; `–`. */
  text: z.string(),
  /** The same of figures and curves with all digits, in their unit and without its sign. */
  full: z.string().optional(),
  /** What groups are sorted by: the mean, or the common value. */
  value: cellValueSchema,
  /** One sentence about it: over how many seeds, or why there is no mean. */
  hint: z.string(),
})
export type GroupCell = z.infer<typeof groupCellSchema>

export const rowGroupSchema = z.object({
  /** The same for the same group, whatever else is shown. */
  id: z.string(),
  title: z.string(),
  /** The common value of what is grouped by; null for the runs without one, and for groups over seeds. */
  value: cellValueSchema,
  variant: z.string().nullable(),
  /** Seeds of one setting share a hue; null where a group is of several settings. */
  colour: z.int().nullable(),
  runs: z.array(idSchema),
  cells: z.record(z.string(), groupCellSchema),
})
export type RowGroup = z.infer<typeof rowGroupSchema>

const limit = z.number().nullable()
const rowFilterSchema = z.discriminatedUnion('kind', [
  /** Numbers from `from` to `to`, both included; null: no limit. */
  z.strictObject({ kind: z.literal('range'), key: columnKey, from: limit, to: limit }),
  /** Any of these values; null: runs that have none. */
  z.strictObject({ kind: z.literal('choice'), key: columnKey, values: z.array(z.string().max(1000).nullable()).max(1000) }),
  /** Text that contains these words. */
  z.strictObject({ kind: z.literal('text'), key: columnKey, text: z.string().max(1000) }),
])
export type RowFilter = z.infer<typeof rowFilterSchema>

/** How a table is looked at. */
export const tableViewSchema = z.strictObject({
  /** Shown columns in their order, with widths in pixels where somebody set them. */
  columns: z.array(z.strictObject({ key: columnKey, width: z.int().min(40).max(2000).nullable() })).max(mostColumns),
  sort: z.strictObject({ key: columnKey, descending: z.boolean() }).nullable(),
  text: z.string().max(1000),
  filters: z.array(rowFilterSchema).max(100),
  group: columnKey.nullable(),
  /** Whether archived runs are shown, too. */
  archived: z.boolean(),
})
export type TableView = z.infer<typeof tableViewSchema>

export const savedViewSchema = z.strictObject({ name: nameSchema, view: tableViewSchema })
export type SavedView = z.infer<typeof savedViewSchema>

/** What is kept of a table: how it was last looked at, and the views with a name. */
export const tableStateSchema = z.strictObject({ current: tableViewSchema.nullable(), views: z.array(savedViewSchema).max(200) })
export type TableState = z.infer<typeof tableStateSchema>
