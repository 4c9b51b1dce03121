import type { CallArguments } from '../../../shared/calls.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { rowOf, toRowColumns } from '../../../shared/runRows.ts'
import { tableStateSchema, type CellValue, type TableState } from '../../../shared/runTable.ts'
import { csvOf } from '../compare/csv.ts'
import { columnReader, figuresByKey, tableColumns } from '../compare/tableColumns.ts'
import { tableGroups } from '../compare/tableGroups.ts'
import { tableIndex, type TableEntry } from '../compare/tableIndex.ts'
import { variantInfos } from '../variants/index.ts'
import type { Context, Handlers } from './context.ts'

const key = (table: CallArguments<'tables.show'>['table']): string => `table:${table}`

/** The table of runs: what every window knows of all of them, and the columns and groups that it asks for. */
export function tableHandlers({ store, queue, emit, log }: Context) {
  const index = tableIndex(store.tableRuns, variantInfos())
  const some = (entries: ReadonlyMap<string, TableEntry>, ids: readonly string[] | undefined): TableEntry[] =>
    (ids === undefined ? [...entries.values()] : ids.flatMap((id) => entries.get(id) ?? []))

  const stateOf = (table: CallArguments<'tables.show'>['table']): TableState => {
    const stored = tableStateSchema.safeParse(store.preferences.get(key(table)))
    return stored.success ? stored.data : { current: null, views: [] }
  }
  return {
    'runs.rows': () => {
      // Whoever shows rows asks for their figures next: they are read while the rows are on their way.
      setImmediate(() => void index.entries().catch((thrown: unknown) => { if (store.database.open) log('The runs cannot be read for the table.', thrown) }))
      return { rows: toRowColumns(store.tableRuns.rows().map((row) => (row.state === 'running' ? rowOf(queue.view(store.runs.get(row.id))) : row))) }
    },
    'runs.several': ({ runs }) => ({ runs: runs.flatMap((id) => (store.runs.has(id) ? queue.view(store.runs.get(id)) : [])) }),
    'runs.columns': async () => ({ columns: tableColumns([...(await index.entries()).values()], variantInfos()) }),
    'runs.values': async ({ columns, runs }) => {
      const entries = some(await index.entries(), runs)
      const figures = figuresByKey(entries)
      const values: Record<string, CellValue[]> = {}
      for (const column of columns) values[column] = entries.map(columnReader(column, figures))
      return { runs: entries.map(({ run }) => run.id), values }
    },
    'runs.groups': async ({ runs, by, columns }) => ({ groups: tableGroups(some(await index.entries(), runs), by, columns, variantInfos()) }),
    'tables.csv': ({ columns, rows }) => {
      if (rows.some((cells) => cells.length !== columns.length)) throw new WorkbenchError('CALL_INVALID', 'Every row of a table has one cell for each of its columns.', { field: 'rows' })
      return { text: csvOf({ key: 'runs', title: 'Runs', columns, rows: rows.map((cells) => ({ cells, best: [] })), note: null }) }
    },
    'tables.show': ({ table }) => ({ state: stateOf(table) }),
    'tables.save': ({ table, current, views }) => {
      const before = stateOf(table)
      const state: TableState = { current: current === undefined ? before.current : current, views: views ?? before.views }
      store.preferences.set(key(table), state)
      if (views) emit({ type: 'views', table, views })
      return { state }
    },
  } satisfies Partial<Handlers>
}
