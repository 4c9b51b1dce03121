import type { CallArguments } from '../../../shared/calls.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { isObject } from '../../../shared/json.ts'
import { bySeeds, rowOf, toRowColumns } from '../../../shared/runRows.ts'
import { savedViewSchema, tableViewSchema, type CellValue, type TableState } from '../../../shared/runTable.ts'
import { csvOf } from '../compare/csv.ts'
import { likelihoodsSaid } from '../compare/dataNotes.ts'
import { saidOfRow } from '../compare/rowNotes.ts'
import type { Cell } from '../compare/groups.ts'
import { columnReader, figuresByKey, tableColumns } from '../compare/tableColumns.ts'
import { tableGroups } from '../compare/tableGroups.ts'
import { tableIndex, type TableEntry } from '../compare/tableIndex.ts'
import { withMark } from '../files/csv.ts'
import { itemsOf, understood } from '../store/lenient.ts'
import { variantInfos } from '../variants/index.ts'
import type { Context, Handlers } from './context.ts'
import { datasetsKnown } from './datasetsKnown.ts'

const key = (table: CallArguments<'tables.show'>['table']): string => `table:${table}`

/** The table of runs: what every window knows of all of them, and the columns and groups that it asks for. */
export function tableHandlers(context: Context) {
  const { store, queue, emit, log } = context
  const index = tableIndex(store.tableRuns, variantInfos())
  const some = (entries: ReadonlyMap<string, TableEntry>, ids: readonly string[] | undefined): TableEntry[] =>
    ids === undefined ? [...entries.values()] : ids.flatMap((id) => entries.get(id) ?? [])

  /** What the experiments of these runs call them; two cells of one name have their experiment's beside it. */
  const cellsOf = (entries: readonly TableEntry[]): Cell[] => {
    const byCell = new Map<string, { experiment: string; cell: number; runs: string[] }>()
    for (const {
      run: { id, experiment },
    } of entries) {
      if (experiment === null) continue
      const key = `${experiment.id} ${experiment.cell}`
      const group = byCell.get(key)
      if (group === undefined) byCell.set(key, { experiment: experiment.id, cell: experiment.cell, runs: [id] })
      else group.runs.push(id)
    }
    const experiments = new Map(
      [...new Set([...byCell.values()].map(({ experiment }) => experiment))].map((id) => [id, store.experiments.read(id)]),
    )
    const found = [...byCell.values()].flatMap(({ experiment, cell, runs }) => {
      const title = experiments.get(experiment)?.cells.find(({ index: cellIndex }) => cellIndex === cell)?.title
      return title === undefined ? [] : [{ title, name: experiments.get(experiment)!.name, runs }]
    })
    const counts = new Map<string, number>()
    for (const { title } of found) counts.set(title, (counts.get(title) ?? 0) + 1)
    return found.map(({ title, name, runs }) => ({
      title: counts.get(title)! > 1 ? `${title} (${name})` : title,
      runs,
      baseline: false,
    }))
  }

  const rawOf = (table: CallArguments<'tables.show'>['table']): Record<string, unknown> => {
    const stored = store.preferences.get(key(table))
    return isObject(stored) ? stored : {}
  }
  const stateOf = (table: CallArguments<'tables.show'>['table']): TableState => {
    const { current, views } = rawOf(table)
    return { current: understood(tableViewSchema, current, null), views: itemsOf(savedViewSchema, views) }
  }
  /** What is to be known of the figures of each row; runs that are no longer there have none. */
  async function notesOfRows({ figures, runs }: { figures: readonly string[]; runs: readonly (readonly string[])[] }) {
    const entries = await index.entries(),
      about = datasetsKnown(context)
    return runs.map((ids) => {
      const those = ids.flatMap((id) => entries.get(id)?.run ?? [])
      return saidOfRow(
        those,
        (id) => {
          const { run } = entries.get(id)!
          return likelihoodsSaid(run, about(run.datasetId))
        },
        figures,
      )
    })
  }
  return {
    'runs.rows': () => {
      // Whoever shows rows asks for their figures next: they are read while the rows are on their way.
      setImmediate(
        () =>
          void index.entries().catch((thrown: unknown) => {
            if (store.database.open) log('The runs cannot be read for the table.', thrown)
          }),
      )
      return {
        rows: toRowColumns(
          store.tableRuns.rows().map((row) => (row.state === 'running' ? rowOf(queue.view(store.runs.get(row.id))) : row)),
        ),
      }
    },
    'runs.several': ({ runs }) => ({
      runs: runs
        .map((id) => store.runs.read(id))
        .filter((run) => run !== null)
        .map((run) => queue.view(run)),
    }),
    'runs.likelihoods': ({ runs }) => {
      const about = datasetsKnown(context)
      const said = runs.flatMap((id) => {
        const run = store.runs.read(id)
        const sentences = run === null ? [] : likelihoodsSaid(run, about(run.datasetId))
        return sentences.length === 0 ? [] : [[id, sentences] as const]
      })
      return { likelihoods: Object.fromEntries(said) }
    },
    'runs.columns': async () => ({ columns: tableColumns([...(await index.entries()).values()], variantInfos()) }),
    'runs.values': async ({ columns, runs }) => {
      const entries = some(await index.entries(), runs)
      const figures = figuresByKey(entries)
      const values: Record<string, CellValue[]> = {}
      for (const column of columns) values[column] = entries.map(columnReader(column, figures))
      return { runs: entries.map(({ run }) => run.id), values }
    },
    'runs.groups': async ({ runs, by, columns }) => {
      const entries = some(await index.entries(), runs)
      return { groups: tableGroups(entries, by, columns, variantInfos(), by === bySeeds ? cellsOf(entries) : []) }
    },
    'tables.csv': async ({ columns, rows, about, bom }) => {
      if (rows.some((cells) => cells.length !== columns.length))
        throw new WorkbenchError('CALL_INVALID', 'Every row of a table has one cell for each of its columns.', { field: 'rows' })
      if (about && about.runs.length !== rows.length)
        throw new WorkbenchError('CALL_INVALID', 'It is told of every row whose figures it has, or of none.', { field: 'about' })
      const said = about && about.figures.length > 0 ? await notesOfRows(about) : []
      const texts = rows.map((cells, row) => ({ cells, best: [], said: said[row] ?? [] }))
      const table = { key: 'runs', title: 'Runs', columns, rows: texts, note: null }
      return { text: withMark(csvOf(table), bom) }
    },
    'tables.show': ({ table }) => ({ state: stateOf(table) }),
    'tables.save': ({ table, current, views }) => {
      const before = stateOf(table)
      const state: TableState = { current: current === undefined ? before.current : current, views: views ?? before.views }
      // Views of a newer version are not shown, and are there again for that one.
      const raw = rawOf(table),
        all: unknown[] = Array.isArray(raw['views']) ? raw['views'] : []
      const others = all.filter((each) => !savedViewSchema.safeParse(each).success)
      store.preferences.set(key(table), { ...raw, ...state, views: [...state.views, ...others] })
      if (views) emit({ type: 'views', table, views })
      return { state }
    },
  } satisfies Partial<Handlers>
}
