import type { Better } from '../../../../shared/figures.ts'
import type { Scatter } from '../../../../shared/plots.ts'
import { WorkbenchError } from '../../../../shared/errors.ts'
import { isLogarithmic } from './axis.ts'
import { aimsOfPlot, columnHead, findColumn, subjectHead, type Plot, type PlotColumn } from './subjects.ts'

/**
 * Indices of the points that no other dominates (is better in one coordinate and not worse in the other), ascending x. Points in the same
 * place are on the front together.
 */
export function paretoFront(points: readonly { x: number; y: number }[], x: Better, y: Better): number[] {
  if (x === 'neither' || y === 'neither') return []
  const signX = x === 'lower' ? 1 : -1,
    signY = y === 'lower' ? 1 : -1
  const order = points
    .map((_, index) => index)
    .sort((a, b) => signX * (points[a]!.x - points[b]!.x) || signY * (points[a]!.y - points[b]!.y))
  const front: number[] = []
  let best = Infinity
  let last: { x: number; y: number } | null = null
  for (const index of order) {
    const point = points[index]!
    const value = signY * point.y
    if (value < best || (last !== null && point.x === last.x && point.y === last.y)) {
      front.push(index)
      best = value
      last = point
    }
  }
  return front.sort((a, b) => points[a]!.x - points[b]!.x || points[a]!.y - points[b]!.y)
}

/** Two columns against each other. Throws CALL_INVALID for a column that is not there or not of numbers. */
export function scatterOf(plot: Plot, xKey: string, yKey: string): Scatter {
  const { subjects, columns, alike } = plot
  const x = numeric(columns, xKey, 'x'),
    y = numeric(columns, yKey, 'y')
  const placed = subjects.flatMap((subject, at) => {
    const a = x.values[at]!,
      b = y.values[at]!
    return typeof a.value === 'number' && typeof b.value === 'number'
      ? [
          {
            ...subjectHead(subject),
            x: a.value,
            y: b.value,
            xText: a.text,
            yText: b.text,
            xInterval: a.interval,
            yInterval: b.interval,
          },
        ]
      : []
  })
  const ranked = alike || [x, y].every(({ kind }) => kind !== 'figure')
  const front = ranked ? paretoFront(placed, x.better, y.better) : []
  const onFront = new Set(front)
  const without = [x, y].find(({ better }) => better === 'neither')
  const left = subjects.length - placed.length
  const notes = [
    ...(ranked ? [] : ['They were not measured alike, so there is no front.']),
    ...(ranked && without ? [`${without.title} is neither better high nor low, so there is no front.`] : []),
    ...(left > 0
      ? [
          `${left} of ${subjects.length} ${left === 1 ? 'has' : 'have'} no ` +
            `value of one of the two and ${left === 1 ? 'is' : 'are'} not shown.`,
        ]
      : []),
    ...(front.length > 0 ? aimsOfPlot(plot, [x, y]) : []),
  ]
  return {
    x: { ...columnHead(x), logarithmic: x.kind === 'setting' && isLogarithmic(placed.map((point) => point.x)) },
    y: { ...columnHead(y), logarithmic: y.kind === 'setting' && isLogarithmic(placed.map((point) => point.y)) },
    points: placed.map((point, index) => ({ ...point, front: onFront.has(index) })),
    front,
    note: notes.length === 0 ? null : notes.join(' '),
    columns: columns.filter((column) => column.numeric).map(columnHead),
  }
}

function numeric(columns: readonly PlotColumn[], key: string, field: string): PlotColumn {
  const column = findColumn(columns, key)
  if (column?.numeric) return column
  throw new WorkbenchError(
    'CALL_INVALID',
    column
      ? `${column.title} is not a number, so it cannot be an axis of a scatter plot; choose another column.`
      : `None of these runs has a value of “${key}”; choose another column.`,
    { field },
  )
}
