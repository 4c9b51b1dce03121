import type { Cell } from '../../../shared/experiments.ts'
import type { Config } from '../../../shared/config.ts'
import { formatList } from '../compare/formats.ts'

/**
 * What is to be known of a baseline that is several cells. A cell is compared with the one of them that is nearest to it in
 * what the variants share (as it is in a sweep of code sizes); of cells that differ in what is the baseline's own, nothing says
 * which one is meant, and the first is taken.
 */
export function baselineWarning(
  cells: readonly { cell: Cell; resolved: { config: Config | null } }[],
  baseline: number | null,
): string[] {
  const alike = Map.groupBy(
    cells.filter(({ cell, resolved }) => cell.planned === baseline && resolved.config !== null),
    ({ resolved: { config } }) => JSON.stringify({ ...config, regularizer: null }),
  )
  const several = [...alike.values()].find((group) => group.length > 1)
  if (several === undefined) return []
  const first = several[0]!.cell
  const keys = Object.keys(first.values).filter((key) =>
    several.some(({ cell }) => JSON.stringify(cell.values[key]) !== JSON.stringify(first.values[key])),
  )
  return [
    `The baseline has several values of ${formatList(keys)}: the others are compared with the first ` +
      `(“${first.title}”). To compare with another, plan that as a variant of its own and name it as the baseline.`,
  ]
}
