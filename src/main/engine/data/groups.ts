import { drawnOf } from '../../../shared/split.ts'
import { shuffleInPlace, type Random } from './random.ts'

/** What a split never divides: for every row a number; rows of one number belong together, -1 to nothing. */
export type Units = Int32Array

/** Rows that were drawn, and the others; both ascend. */
export interface Drawn {
  drawn: Uint32Array
  rest: Uint32Array
}
/** Draws whole units; `labels` are null where there are no classes. A function of its parameters. */
export type DrawUnits = (rows: Uint32Array, units: Units, labels: Int32Array | null, share: number, source: Random) => Drawn

/** The rows of each unit, in the order of their first ones. */
export function gatherUnits(rows: Uint32Array, units: Units): number[][] {
  const members = new Map<number, number[]>(),
    all: number[][] = []
  for (const row of rows) {
    const unit = units[row]!,
      unitRows = unit < 0 ? undefined : members.get(unit)
    if (unitRows) {
      unitRows.push(row)
      continue
    }
    const begun = [row]
    all.push(begun)
    if (unit >= 0) members.set(unit, begun)
  }
  return all
}

/** How many of some rows are of each class, in the order of their first ones; without labels all are of class 0. */
export function countClasses(rows: Iterable<number>, labels: Int32Array | null): Map<number, number> {
  const counts = new Map<number, number>()
  for (const row of rows) {
    const label = labels?.[row] ?? 0
    counts.set(label, (counts.get(label) ?? 0) + 1)
  }
  return counts
}

/** The rows of the units that were drawn, and those of the others; both ascend. */
export function divide(units: readonly number[][], isDrawn: (unit: number) => boolean): Drawn {
  const rowsOf = (wanted: boolean) =>
    Uint32Array.from(units.flatMap((rows, index) => (isDrawn(index) === wanted ? rows : []))).sort()
  return { drawn: rowsOf(true), rest: rowsOf(false) }
}

/**
 * Draws whole units until they come closest to `share` of the rows, and each class to its share; at least one unit, never all,
 * where there are two or more. A function of (rows, units, labels, source). Both results ascend.
 */
export const drawUnits: DrawUnits = (rows, units, labels, share, source) => {
  const all = gatherUnits(rows, units)
  if (all.length < 2) return { drawn: new Uint32Array(), rest: rows.slice() }
  const classOf = (row: number) => labels?.[row] ?? 0
  /** How many rows of each class are still to be drawn. */
  const missing = new Map<number, number>()
  for (const row of rows) missing.set(classOf(row), (missing.get(classOf(row)) ?? 0) + share)
  let left = drawnOf(rows.length, share),
    remaining = all.length
  const chosen = new Uint8Array(all.length),
    order = shuffleInPlace(Uint32Array.from(all.keys()), source)
  const take = (index: number) => {
    chosen[index] = 1
    remaining--
    left -= all[index]!.length
    for (const row of all[index]!) missing.set(classOf(row), missing.get(classOf(row))! - 1)
  }
  /** Whether so many rows fewer would leave less, one way or the other. */
  const nearer = (left: number, rows: number) => Math.abs(left - rows) < Math.abs(left)
  for (const byClass of [true, false]) {
    for (const index of order) {
      if (chosen[index] || remaining === 1 || !nearer(left, all[index]!.length)) continue
      if (byClass) {
        let change = 0
        for (const [label, count] of countClasses(all[index]!, labels))
          change += Math.abs(missing.get(label)! - count) - Math.abs(missing.get(label)!)
        if (change >= 0) continue
      }
      take(index)
    }
  }
  if (remaining === all.length) take(order.reduce((least, index) => (all[index]!.length < all[least]!.length ? index : least)))
  return divide(all, (index) => chosen[index] === 1)
}

/** Units of groups and of copies together: what is connected by either. @param first for every row the first that is identical */
export function connected(groups: Units, first: Uint32Array): Units {
  const parent = Int32Array.from(first.keys())
  const root = (row: number): number => {
    while (parent[row] !== row) row = parent[row] = parent[parent[row]!]!
    return row
  }
  const begun = new Map<number, number>()
  for (let row = 0; row < first.length; row++) {
    parent[root(row)] = root(first[row]!)
    const group = groups[row]!
    if (group < 0) continue
    const other = begun.get(group)
    if (other === undefined) begun.set(group, row)
    else parent[root(row)] = root(other)
  }
  return parent.map((_, row) => root(row))
}
