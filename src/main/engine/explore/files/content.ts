import type { ResultOf } from '../../../../shared/answers.ts'
import type { Pictures, QuestionKind } from '../../../../shared/questions.ts'
import { colourOf, faint, ink, Plot, rangeOf } from './plot.ts'
import type { Raster } from '../../files/png.ts'
import { inRows } from './raster.ts'
import type { Table } from './table.ts'

/** What an answer is as a file: each of these where it has a meaning. */
export interface Content<K extends QuestionKind> {
  picture?(result: ResultOf<K>, names: Names): Raster
  frames?(result: ResultOf<K>, names: Names): Raster[]
  table(result: ResultOf<K>, names: Names): Table
  /** Sizes of its arrays where they are not lists; by the key in the result. */
  shapes?(result: ResultOf<K>): Record<string, readonly number[]>
}

export interface Names {
  classes: readonly string[]
}
/** What a label is called in a table: the class's name, or the number itself where it has none; empty for rows without a class. */
export const className = ({ classes }: Names, label: number): string => (label < 0 ? '' : (classes[label] ?? String(label)))

/** Lists of pictures below one another; of points, each list in a colour of its own, joined to the first one. */
export function listed(...lists: (Pictures | null)[]): Raster {
  const shown = lists.filter((list) => list !== null)
  const points = shown.map((list) => list.points?.values)
  if (points[0] === undefined) return inRows(...shown.map(({ images }) => images))
  const all = points.filter((values) => values !== undefined)
  const range = (axis: number) => rangeOf(all.flatMap((values) => Array.from(values).filter((_, i) => i % 2 === axis)))
  const plot = new Plot(range(0), range(1))
  all.forEach((values, list) => {
    for (let i = 0; i < values.length; i += 2) {
      if (list > 0 && all[0]!.length === values.length) plot.line(all[0]![i]!, all[0]![i + 1]!, values[i]!, values[i + 1]!, faint)
      plot.dot(values[i]!, values[i + 1]!, 3, list === 0 ? ink : colourOf(list - 1))
    }
  })
  return plot.raster()
}

/** Dots in the colours of their classes; of one dimension on a line, of three the first two. */
export function scatter(coordinates: Float32Array, dimensions: number, labels: Int32Array): Raster {
  const x = (i: number) => coordinates[i * dimensions]!,
    y = (i: number) => (dimensions > 1 ? coordinates[i * dimensions + 1]! : 0)
  const all = Array.from(labels, (_, i) => i)
  const plot = new Plot(rangeOf(all.map(x)), rangeOf(all.map(y)))
  for (const i of all) plot.dot(x(i), y(i), 2.5, colourOf(labels[i]!))
  return plot.raster()
}

/** Lines over a common axis. */
export function curves(x: ArrayLike<number>, lines: readonly ArrayLike<number>[]): Raster {
  const plot = new Plot(rangeOf(Array.from(x)), rangeOf([0, ...lines.flatMap((line) => Array.from(line))]))
  plot.line(rangeOf(Array.from(x))[0], 0, rangeOf(Array.from(x))[1], 0, faint)
  lines.forEach((line, index) => {
    for (let i = 1; i < line.length; i++) plot.line(x[i - 1]!, line[i - 1]!, x[i]!, line[i]!, colourOf(index))
    for (let i = 0; i < line.length; i++) plot.dot(x[i]!, line[i]!, 2, colourOf(index))
  })
  return plot.raster()
}

/** A row for each of n, from columns of values. */
export const columns = (named: Record<string, (i: number) => string | number | null>, count: number): Table => ({
  head: Object.keys(named),
  rows: Array.from({ length: count }, (_, i) => Object.values(named).map((cell) => cell(i))),
})

/** `NAME 0`, `NAME 1`, ...: one column for each of some numbers a row. */
export const spread = (name: string, values: ArrayLike<number>, width: number): Record<string, (i: number) => number> =>
  Object.fromEntries(
    Array.from({ length: width }, (_, column) => [`${name} ${column}`, (i: number) => values[i * width + column]!]),
  )
