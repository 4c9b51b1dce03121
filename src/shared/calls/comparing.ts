import { z } from 'zod'
import { compareExportInputSchema, compareExportSchema, compareInputSchema, comparisonSchema } from '../comparison.ts'
import { lineSchema, linesInputSchema, termsInputSchema, termsSchema } from '../comparisonLines.ts'
import {
  heatMapInputSchema,
  heatMapSchema,
  parallelInputSchema,
  parallelSchema,
  scatterInputSchema,
  scatterSchema,
} from '../plots.ts'
import { idSchema } from '../domain.ts'
import { savedViewSchema, tableStateSchema, tableViewSchema } from '../runTable.ts'
import { call } from './call.ts'

export const comparingCalls = {
  compare: call(compareInputSchema, z.object({ comparison: comparisonSchema })),
  /** Curves of several runs, ready to draw; by key, then in the order of the runs. Runs without a series have no line. */
  'compare.series': call(linesInputSchema, z.object({ lines: z.array(lineSchema) })),
  /** The terms of each run's (or group's) objective, stacked. */
  'compare.terms': call(termsInputSchema, z.object({ stacks: z.array(termsSchema) })),
  'compare.parallel': call(parallelInputSchema, z.object({ parallel: parallelSchema })),
  'compare.scatter': call(scatterInputSchema, z.object({ scatter: scatterSchema })),
  'compare.heatMap': call(heatMapInputSchema, z.object({ heatMap: heatMapSchema })),
  /** A table as CSV or LaTeX, or the whole as one HTML file; written, or given back where no file is named. */
  'compare.export': call(compareExportInputSchema, z.object({ export: compareExportSchema })),

  /** A table as it stands on screen, as CSV: what a spreadsheet would take for a formula is defused. */
  'tables.csv': call(
    z.strictObject({
      columns: z.array(z.strictObject({ title: z.string(), unit: z.string(), numeric: z.boolean() })).max(300),
      rows: z.array(z.array(z.string())).max(100_000),
      /** Which figures the table shows, by key, and of each row whose: what is to be known of them becomes a column. */
      about: z.strictObject({ figures: z.array(z.string()).max(300), runs: z.array(z.array(idSchema)).max(100_000) }).optional(),
      /** With a byte order mark, by which some spreadsheets know UTF-8. */
      bom: z.boolean().default(false),
    }),
    z.object({ text: z.string() }),
  ),
  /** How a table is looked at: kept with the home folder. Saving changes what is given. */
  'tables.show': call(z.strictObject({ table: z.enum(['runs']) }), z.object({ state: tableStateSchema })),
  'tables.save': call(
    z.strictObject({
      table: z.enum(['runs']),
      current: tableViewSchema.optional(),
      views: z.array(savedViewSchema).max(200).optional(),
    }),
    z.object({ state: tableStateSchema }),
  ),
}
