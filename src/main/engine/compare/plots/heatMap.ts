import type { HeatMap } from '../../../../shared/plots.ts'
import { WorkbenchError } from '../../../../shared/errors.ts'
import { bestOf } from '../figureRows.ts'
import { absent, formatQuantity } from '../../../../shared/quantities.ts'
import { meanOf } from '../statistics.ts'
import { byText } from './axis.ts'
import { aimsOfPlot, columnHead, findColumn, varies, type Plot, type PlotColumn, type PlotValue } from './subjects.ts'

/** A figure over two settings, of groups. Throws CALL_INVALID for columns that are not there. */
export function heatMapOf(plot: Plot, xKey: string, yKey: string, figureKey: string): HeatMap {
  const { subjects, columns, alike } = plot
  const x = columnOf(columns, xKey, 'x'),
    y = columnOf(columns, yKey, 'y'),
    figure = columnOf(columns, figureKey, 'figure')
  if (x.key === y.key)
    throw new WorkbenchError('CALL_INVALID', `Both axes are ${x.title}; choose another setting for one of them.`, { field: 'y' })
  if (figure.kind === 'setting' || !figure.numeric)
    throw new WorkbenchError('CALL_INVALID', `${figure.title} is not a figure; choose one that is.`, { field: 'figure' })
  // Values that nothing has together with one of the other setting would be rows without a cell.
  const both = subjects.flatMap((_, at) => (x.values[at]!.value === null || y.values[at]!.value === null ? [] : [at]))
  const xs = choices(x, both),
    ys = choices(y, both),
    without = subjects.length - both.length
  const cells = ys.map((row) =>
    xs.map((across) => {
      const inside = subjects.flatMap((subject, at) =>
        same(x.values[at]!, across) && same(y.values[at]!, row) && figure.values[at]!.value !== null
          ? [{ subject, value: figure.values[at]! }]
          : [],
      )
      const means = inside.map(({ value }) => value.value as number)
      const mean = means.length === 0 ? null : meanOf(means)
      return {
        mean,
        text: mean === null ? absent : inside.length === 1 ? inside[0]!.value.text : formatQuantity(mean),
        shade: null as number | null,
        best: false,
        groups: inside.map(({ subject }) => subject.id),
        runs: inside.flatMap(({ subject }) => subject.entries.map(({ run }) => run.id)),
      }
    }),
  )
  const all = cells.flat()
  const means = all.flatMap(({ mean }) => (mean === null ? [] : [mean]))
  const low = Math.min(...means),
    high = Math.max(...means)
  const best = new Set(
    alike
      ? bestOf(
          all.map(({ mean }) => mean),
          all.map(({ mean }) => formatQuantity(mean)),
          figure.better,
        )
      : [],
  )
  all.forEach((cell, index) => {
    cell.shade = cell.mean === null ? null : high === low ? 0.5 : (cell.mean - low) / (high - low)
    cell.best = best.has(index)
  })
  const crowded = Math.max(0, ...all.map(({ groups }) => groups.length))
  const notes = [
    ...(alike ? [] : ['They were not measured alike, so their figures are not ranked.']),
    ...(crowded > 1 ? [`In some cells there are means of up to ${crowded} settings, which differ in something else, too.`] : []),
  ]
  if (without > 0)
    notes.push(
      `${without} of ${subjects.length} ${without === 1 ? 'has' : 'have'} no value ` +
        `of one of the two settings and ${without === 1 ? 'is' : 'are'} not shown.`,
    )
  notes.push(...aimsOfPlot({ ...plot, subjects: both.map((at) => subjects[at]!) }, [figure]))
  return {
    x: { ...columnHead(x), values: xs.map(({ text }) => text) },
    y: { ...columnHead(y), values: ys.map(({ text }) => text) },
    figure: columnHead(figure),
    cells,
    note: notes.length === 0 ? null : notes.join(' '),
    settings: columns.filter((column) => (column.kind === 'setting' || column.key === 'variant') && varies(column)).map(columnHead),
    figures: columns.filter(({ kind }) => kind === 'figure').map(columnHead),
  }
}

const same = (a: PlotValue, b: PlotValue): boolean => a.value === b.value

/** The values of a column, each once, ascending. @param at of which subjects */
function choices({ values }: PlotColumn, at: readonly number[]): PlotValue[] {
  const found = new Map(at.map((index) => [values[index]!.value, values[index]!]))
  const inOrder = (a: PlotValue, b: PlotValue) =>
    typeof a.value === 'number' && typeof b.value === 'number' ? a.value - b.value : byText(a.text, b.text)
  return [...found.values()].sort(inOrder)
}

function columnOf(columns: readonly PlotColumn[], key: string, field: string): PlotColumn {
  const column = findColumn(columns, key)
  if (column) return column
  throw new WorkbenchError('CALL_INVALID', `None of these runs has a value of “${key}”; choose another column.`, { field })
}
