import type { VariantInfo } from '../../../shared/config.ts'
import { estimateInFull, withSign } from '../../../shared/figures.ts'
import { bySeeds } from '../../../shared/runRows.ts'
import type { CellValue, GroupCell, RowGroup } from '../../../shared/runTable.ts'
import { oneBasis } from './basis.ts'
import { groupEstimate } from './estimates.ts'
import type { Figure } from '../figures/figure.ts'
import { absent, formatQuantity } from '../../../shared/quantities.ts'
import { withUncertainty } from './uncertainty.ts'
import { groupRuns, type Cell } from './groups.ts'
import { estimate } from './statistics.ts'
import { columnReader, figuresByKey } from './tableColumns.ts'
import type { TableEntry } from './tableIndex.ts'

/** Runs that stand together in the table. */
interface Members {
  id: string
  title: string
  value: CellValue
  variant: string | null
  colour: number | null
  all: readonly TableEntry[]
  /** Those that figures are means of: one a seed in a group over seeds, else all. */
  counted: readonly TableEntry[]
  overSeeds: boolean
}

/** Names of what every run has besides settings and figures, by which runs can be grouped, too. */
const facts: Record<string, (entry: TableEntry) => CellValue> = {
  dataset: ({ run }) => run.dataset,
  variant: ({ run }) => run.variant,
  state: ({ run }) => run.state,
  seed: ({ run }) => run.seed,
  experiment: ({ run }) => run.experiment?.id ?? null,
  place: ({ run }) => run.place,
}

/**
 * The groups of some runs in the order in which the first of each appears, with every column's mean and 95% interval. Figures
 * that were not measured alike are never put together.
 * @param by `bySeeds`: everything but the seed; else the key of a column
 * @param cells of experiments, by which groups over seeds are called
 */
export function tableGroups(
  entries: readonly TableEntry[],
  by: string,
  columns: readonly string[],
  variants: readonly VariantInfo[],
  cells: readonly Cell[] = [],
): RowGroup[] {
  const figures = figuresByKey(entries)
  const groups = by === bySeeds ? seedGroups(entries, variants, cells) : valueGroups(entries, by, figures, variants)
  const readers = columns.map((key) => ({ key, figure: figures.get(key), read: facts[key] ?? columnReader(key, figures) }))
  return groups.map((group) => {
    const cells: Record<string, GroupCell> = {}
    for (const { key, figure, read } of readers) {
      cells[key] = figure ? figureCell(figure, group) : key.includes('/') ? seriesCell(key, read, group) : commonCell(read, group)
    }
    const { id, title, value, variant, colour, all } = group
    return { id, title, value, variant, colour, runs: all.map(({ run }) => run.id), cells }
  })
}

function seedGroups(entries: readonly TableEntry[], variants: readonly VariantInfo[], cells: readonly Cell[]): Members[] {
  const byId = new Map(entries.map((entry) => [entry.run.id, entry]))
  const entryOf = ({ id }: { id: string }): TableEntry => byId.get(id)!
  return groupRuns(
    entries.map(({ run }) => run),
    variants,
    cells,
  ).map(({ id, title, variant, colour, runs, counted, missing }) => ({
    id,
    title,
    value: null,
    variant,
    colour,
    all: runs.map(entryOf),
    // What was not evaluated has curves nevertheless.
    counted: [...counted, ...missing].map(entryOf),
    overSeeds: true,
  }))
}

function valueGroups(
  entries: readonly TableEntry[],
  by: string,
  figures: ReadonlyMap<string, Figure>,
  variants: readonly VariantInfo[],
): Members[] {
  const read = facts[by] ?? columnReader(by, figures)
  const byValue = new Map<CellValue, TableEntry[]>()
  for (const entry of entries) {
    const value = read(entry)
    const members = byValue.get(value)
    if (members === undefined) byValue.set(value, [entry])
    else members.push(entry)
  }
  const titles = new Map(variants.map(({ id, title }) => [id, title]))
  return [...byValue].map(([value, all]) => {
    const common = <T>(of: (entry: TableEntry) => T): T | null =>
      all.every((entry) => of(entry) === of(all[0]!)) ? of(all[0]!) : null
    return {
      id: `${by}=${JSON.stringify(value)}`,
      title: value === null ? absent : by === 'variant' ? (titles.get(String(value)) ?? String(value)) : String(value),
      value,
      variant: common(({ run }) => run.variant),
      colour: null,
      all,
      counted: all,
      overSeeds: false,
    }
  })
}

const nothing = (hint = ''): GroupCell => ({ text: absent, value: null, hint })
const over = (n: number, { overSeeds }: Members): string =>
  overSeeds
    ? `Mean and 95% interval over ${n} seeds`
    : `Mean and 95% interval over ${n} runs, which may differ in more than their seed`

function figureCell(figure: Figure, group: Members): GroupCell {
  const measured = group.counted.filter(({ run }) => run.evaluation !== null)
  const newest = Math.max(...measured.map(({ run }) => run.evaluation!.version))
  // Of one seed group the newest evaluations count; of other groups only what is alike altogether is a mean of anything.
  const counted = group.overSeeds ? measured.filter(({ run }) => run.evaluation!.version === newest) : measured
  const found = groupEstimate(figure, { counted: counted.map(({ run }) => run) })
  if (found.mean === null) return nothing()
  const valued = counted.filter((_, index) => found.values[index] !== null)
  if (valued.some(({ measured: yardsticks }) => yardsticks[figure.yardstick] !== valued[0]!.measured[figure.yardstick]))
    return nothing('Not measured alike: on other images, with another likelihood or by another version of the evaluation')
  const missing = group.counted.length - found.n
  const again = group.all.length - group.counted.length
  return {
    text: withSign(found.text, figure.unit),
    full: estimateInFull(found, figure.unit),
    value: found.mean,
    hint: [
      found.n === 1 ? 'One run: its variation is unknown' : over(found.n, group),
      ...(missing > 0 ? [`${missing} more without one`] : []),
      ...(again > 0 ? [`${again} of a seed that is there already`] : []),
    ].join('; '),
  }
}

function seriesCell(key: string, read: (entry: TableEntry) => CellValue, group: Members): GroupCell {
  // Of what is measured on different things there is no mean.
  const alike =
    group.overSeeds ||
    oneBasis(
      group.counted.map(({ run }) => run),
      key,
    )
  const values = group.counted.map(read).filter((value): value is number => typeof value === 'number' && Number.isFinite(value))
  const found = estimate(values)
  if (found === null) return nothing()
  if (!alike) return nothing('Not measured alike: of curves of different objectives, corruptions or data the mean means nothing')
  if (found.half === null || found.half === 0)
    return {
      text: formatQuantity(found.mean),
      full: String(found.mean),
      value: found.mean,
      hint: found.n === 1 ? 'One run' : over(found.n, group),
    }
  const texts = withUncertainty(found.mean, found.half)
  return {
    text: `${texts.mean} ± ${texts.half}`,
    full: `${found.mean} ± ${found.half}`,
    value: found.mean,
    hint: over(found.n, group),
  }
}

/** Values that are named in full where a group has several. */
const mostNamed = 3

function commonCell(read: (entry: TableEntry) => CellValue, group: Members): GroupCell {
  const values = [...new Set(group.all.map(read))]
  if (values.length === 1) return { text: values[0] === null ? absent : String(values[0]), value: values[0]!, hint: '' }
  const sorted = values
    .sort((a, b) => (a === null ? 1 : b === null ? -1 : a < b ? -1 : 1))
    .map((value) => (value === null ? absent : String(value)))
  const numbers = values.filter((value) => typeof value === 'number')
  const many = numbers.length === values.length ? `${Math.min(...numbers)} to ${Math.max(...numbers)}` : `${sorted.length} values`
  return { text: sorted.length <= mostNamed ? sorted.join(', ') : many, value: null, hint: sorted.slice(0, 50).join(', ') }
}
