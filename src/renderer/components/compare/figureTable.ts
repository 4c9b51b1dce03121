import type { Comparison, Difference } from '../../../shared/comparison.ts'
import {
  differenceUnit,
  estimateInFull,
  sectionNames,
  textInFull,
  type Better,
  type FigureSection,
} from '../../../shared/figures.ts'
import { subjectsOf, type Subject } from './subjects.ts'

/** The comparison's figures as the table shows them; the numbers are the engine's, down to their digits. */
export interface FigureColumn {
  key: string
  title: string
  unit: string
  better: Better
  section: FigureSection
  explanation: string
}
interface FigureCell {
  text: string
  /** Its numbers with all their digits, the ends of its interval behind a difference; null where there are none. */
  full: readonly string[] | null
  /** By which rows are sorted; null goes last. */
  value: number | null
  best: boolean
  /** Of a difference. */
  verdict: Difference['verdict'] | null
  /** The same in words. */
  hint: string
}
export interface FigureRow extends Subject {
  baseline: boolean
  /** Ids of the runs that its figures are of: of differences also those of what it is compared with. */
  measuredRuns: readonly string[]
  cells: FigureCell[]
}
export interface FigureTable {
  columns: FigureColumn[]
  rows: FigureRow[]
}

export function figureTable(comparison: Comparison, by: 'group' | 'run', show: 'values' | 'differences'): FigureTable {
  const subjects = subjectsOf(comparison, by)
  const { baseline } = comparison
  const isBaseline = (index: number): boolean => by === 'group' && baseline === index
  const figures =
    by === 'group'
      ? comparison.groupFigures.map((figure) => ({
          figure,
          cells: show === 'differences' ? differenceCells(figure, subjects.length, isBaseline) : valueCells(figure),
        }))
      : comparison.figures.map((figure) => ({
          figure,
          cells: figure.texts.map((text, index): FigureCell => ({
            text,
            full: fullOf(textInFull([figure.values[index]!], figure.unit, text)),
            value: figure.values[index]!,
            best: figure.best.includes(index),
            verdict: null,
            hint: '',
          })),
        }))
  const shown = figures
    .filter(({ cells }) => cells.some(({ value }) => value !== null))
    .sort((a, b) => sectionNames.indexOf(a.figure.section) - sectionNames.indexOf(b.figure.section))
  return {
    columns: shown.map(({ figure: { key, title, unit, better, section, explanation } }) => ({
      key,
      title,
      unit: show === 'differences' ? differenceUnit(unit) : unit,
      better,
      section,
      explanation,
    })),
    rows: subjects.map((subject, index) => ({
      ...subject,
      baseline: isBaseline(index),
      measuredRuns: by === 'group' && show === 'differences' ? pairedRuns(comparison, index) : subject.runs,
      cells: shown.map(({ cells }) => cells[index]!),
    })),
  }
}

/** The runs of a group and of those groups that it is compared with. */
export function pairedRuns({ groups, groupFigures }: Pick<Comparison, 'groups' | 'groupFigures'>, group: number): string[] {
  const baselines = groupFigures.flatMap(({ differences }) =>
    differences.filter((difference) => difference.group === group).map(({ baseline }) => baseline),
  )
  return [...new Set([group, ...baselines])].flatMap((at) => groups[at]?.runs ?? [])
}

type GroupFigure = Comparison['groupFigures'][number]

const fullOf = (...texts: readonly string[]): readonly string[] | null => (texts.includes('–') ? null : texts)

const valueCells = ({ estimates, best, unit }: GroupFigure): FigureCell[] =>
  estimates.map(({ text, mean, half, halfText, n, low, values }, index) => ({
    text,
    full: fullOf(estimateInFull({ text, mean, half, halfText }, unit)),
    value: mean,
    best: best.includes(index),
    verdict: null,
    hint:
      mean === null
        ? ''
        : n === 1
          ? `One seed${values.length > 1 ? ` of ${values.length} has it` : ''}: its variation is unknown`
          : `Mean of ${n} seeds${low === null ? '' : ` and half of its 95% interval${unit === '%' ? ', in percent' : ''}`}`,
  }))

function differenceCells({ differences, unit }: GroupFigure, count: number, isBaseline: (index: number) => boolean): FigureCell[] {
  const byGroup = new Map(differences.map((difference) => [difference.group, difference]))
  return Array.from({ length: count }, (_, index): FigureCell => {
    const difference = byGroup.get(index)
    if (!difference)
      return {
        text: isBaseline(index) ? 'baseline' : '–',
        full: null,
        value: null,
        best: false,
        verdict: null,
        hint: isBaseline(index) ? 'The baseline of the others' : '',
      }
    const { text, mean, low, high, verdict, sentence } = difference
    const ends = low === null || high === null ? [] : [low, high]
    const full = fullOf(...[mean, ...ends].map((value) => textInFull([value], unit, '')))
    return { text, full, value: mean, best: false, verdict, hint: sentence }
  })
}

export interface Order {
  key: string
  reversed: boolean
}

/** Best first (largest where none is better), or the other way; what has no value goes last, and equal rows keep their order. */
export function ordered({ columns, rows }: FigureTable, order: Order | null): FigureRow[] {
  const at = columns.findIndex(({ key }) => key === order?.key)
  if (order === null || at < 0) return rows
  const sign = (columns[at]!.better === 'lower' ? 1 : -1) * (order.reversed ? -1 : 1)
  const value = (row: FigureRow): number | null => row.cells[at]!.value
  return [...rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)]
    return x === null || y === null ? Number(x === null) - Number(y === null) : sign * (x - y)
  })
}

/**
 * What a file of the table holds: its numbers with all their digits; a difference and the ends of its interval in three columns, so
 * that they stay numbers.
 */
export function tableTexts(
  columns: readonly FigureColumn[],
  rows: readonly FigureRow[],
  by: 'group' | 'run',
  reading: { title: string; texts: ReadonlyMap<string, string> } | null,
) {
  const spread = columns.map((_, at) => rows.some(({ cells }) => interval.test(cells[at]!.text)))
  const parts = ({ text, full }: FigureCell, at: number): string[] => {
    const [first = text, low = '–', high = '–'] = full ?? []
    return spread[at] ? [first, low, high] : [first]
  }
  const read = reading ? [{ title: reading.title, unit: '', numeric: true }] : []
  return {
    columns: [
      { title: by === 'group' ? 'Settings' : 'Run', unit: '', numeric: false },
      { title: by === 'group' ? 'Seeds' : 'Seed', unit: '', numeric: true },
      ...read,
      ...columns.flatMap(({ title, unit }, at) =>
        (spread[at] ? [title, `${title}, 95% from`, `${title}, 95% to`] : [title]).map((name) => ({
          title: name,
          unit,
          numeric: true,
        })),
      ),
    ],
    about: { figures: columns.map(({ key }) => key), runs: rows.map(({ measuredRuns }) => [...measuredRuns]) },
    rows: rows.map((row) => [
      row.title,
      seedsText(row, by),
      ...(reading ? [reading.texts.get(row.id) ?? '–'] : []),
      ...row.cells.flatMap(parts),
    ]),
  }
}

/** `-1.2 (-1.7 to -0.7)` */
const interval = /^(\S+) \((\S+) to (\S+)\)$/

/** How many seeds a group has, and of how many there are figures; or the seed of a run. */
export const seedsText = ({ seeds, measured }: Pick<Subject, 'seeds' | 'measured'>, by: 'group' | 'run'): string =>
  by === 'run' ? String(seeds[0]) : measured < seeds.length ? `${measured} of ${seeds.length}` : String(seeds.length)
