import type { CallInput } from '../../../shared/calls.ts'
import { figureInFull } from '../../../shared/figures.ts'
import type { GroupCell, RunRow } from '../../../shared/runTable.ts'
import type { TableColumn } from './columns.ts'
import type { Item } from './rows.ts'

/** Columns of the page alone: what can be pressed, not read. */
const unread = new Set(['actions'])

/** The lines of the table as they are on screen, all of them and not only those in sight; figures with all their digits. */
export function tableTexts(
  items: readonly Item[],
  columns: readonly TableColumn[],
): Pick<CallInput<'tables.csv'>, 'columns' | 'rows' | 'about'> {
  const shown = columns.filter(({ key }) => !unread.has(key))
  const grouped = items.some(({ kind }) => kind === 'group')
  const plain = ({ unit }: TableColumn, text: string): string => {
    // A sign stands in the column's head once, and a minus is one that other programs read.
    const bare = unit === '%' ? text.replace(/%$/, '') : text
    return /^−[\d.]/.test(bare) ? bare.replaceAll('−', '-') : bare
  }
  const ofRun = (column: TableColumn, row: RunRow): string => {
    const text = column.text(row),
      value = column.kind === 'figure' || column.kind === 'series' ? column.read(row) : null
    return typeof value === 'number' && Number.isFinite(value) ? figureInFull(value, column) : plain(column, text)
  }
  return {
    columns: [
      ...shown.map(({ title, unit, numeric }) => ({ title, unit: unit === 'units' ? '' : unit, numeric })),
      ...(grouped ? [{ title: 'Runs', unit: '', numeric: true }] : []),
    ],
    about: {
      figures: shown.flatMap(({ kind, key }) => (kind === 'figure' ? [key] : [])),
      runs: items.map((item) => (item.kind === 'run' ? [item.row.id] : item.rows.map(({ id }) => id))),
    },
    rows: items.map((item) => {
      if (item.kind === 'run') return [...shown.map((column) => ofRun(column, item.row)), ...(grouped ? [''] : [])]
      const { group, rows } = item
      return [
        ...shown.map((column) =>
          column.key === 'name'
            ? group.title
            : (group.cells[column.key]?.full ??
              plain(column, column.engine ? cellText(column, group.cells[column.key]) : commonText(column, item))),
        ),
        String(rows.length),
      ]
    }),
  }
}

/** A group's cell: with an interval as many digits as that allows, without one as many as a single run's. */
export function cellText({ kind, write }: TableColumn, cell: GroupCell | undefined): string {
  if (cell === undefined) return ''
  return (kind === 'figure' || kind === 'series') && typeof cell.value === 'number' && !cell.text.includes('±')
    ? write(cell.value)
    : cell.text
}

/** What all runs of a group have in common reads as in a single run. */
export function commonText(column: TableColumn, { rows }: Extract<Item, { kind: 'group' }>): string {
  const text = rows[0] ? column.text(rows[0]) : ''
  return column.key !== 'progress' && rows.every((row) => column.text(row) === text) ? text : ''
}
