import type { VariantInfo } from '../../../../shared/config.ts'
import type { Run } from '../../../../shared/domain.ts'
import { scaleOf, type Better } from '../../../../shared/figures.ts'
import { currentKeys } from '../../../../shared/ownedKeys.ts'
import { oneBasis } from '../basis.ts'
import { measuredAlike, yardsticksOf } from '../comparable.ts'
import { aimClause, aimNote } from '../aims.ts'
import { groupEstimate } from '../estimates.ts'
import type { Figure } from '../../figures/figure.ts'
import { betterAmong } from '../figureRows.ts'
import { absent, formatQuantity } from '../../../../shared/quantities.ts'
import { groupRuns, type Cell } from '../groups.ts'
import { settingsReader } from '../settings.ts'
import { estimate } from '../statistics.ts'
import { columnReader, figuresByKey, tableColumns } from '../tableColumns.ts'
import type { TableEntry } from '../tableIndex.ts'

/** A run or a group, as plots show it. */
export interface PlotSubject {
  id: string
  title: string
  named: boolean
  colour: number
  variant: string
  entries: TableEntry[]
}

/** What a subject has of a column. In the column's unit: per cent are times 100. */
export interface PlotValue {
  value: number | string | null
  text: string
  interval: [number, number] | null
}

export interface PlotColumn {
  key: string
  title: string
  unit: string
  better: Better
  /** False where some value is text. */
  numeric: boolean
  kind: 'fact' | 'setting' | 'figure' | 'series'
  /** One for each subject. */
  values: PlotValue[]
  /** Variants of the subjects that have one. */
  variants: string[]
}

export interface Plot {
  subjects: PlotSubject[]
  /** Everything that some subject has a value of. */
  columns: PlotColumn[]
  /** Whether figures may be ranked. */
  alike: boolean
}

const nothing: PlotValue = { value: null, text: absent, interval: null }

/** What every run has besides figures and settings. */
const facts: {
  key: string
  title: string
  unit: string
  better: Better
  measured?: boolean
  read: (run: Run) => number | string | null
}[] = [
  { key: 'dataset', title: 'Dataset', unit: '', better: 'neither', read: ({ dataset }) => dataset },
  { key: 'variant', title: 'Variant', unit: '', better: 'neither', read: ({ variant }) => variant },
  { key: 'seed', title: 'Seed', unit: '', better: 'neither', read: ({ seed }) => seed },
  { key: 'parameters', title: 'Parameters', unit: '', better: 'lower', read: ({ parameters }) => parameters },
  {
    key: 'seconds',
    title: 'Training time',
    unit: 's',
    better: 'lower',
    measured: true,
    read: ({ seconds }) => (seconds > 0 ? seconds : null),
  },
]

/** Runs, or their groups over seeds, with everything that can be plotted of them. */
export function plotOf(
  runs: readonly Run[],
  by: 'run' | 'group',
  variants: readonly VariantInfo[],
  cells: readonly Cell[] = [],
): Plot {
  const settingsOf = settingsReader(variants)
  const entries = new Map(
    runs.map((run): [string, TableEntry] => [run.id, { run, settings: settingsOf(run), measured: yardsticksOf(run) }]),
  )
  const entryOf = ({ id }: Run): TableEntry => entries.get(id)!
  const subjects: PlotSubject[] =
    by === 'run'
      ? runs.map((run) => ({
          id: run.id,
          title: run.name,
          named: true,
          colour: run.colour,
          variant: run.variant,
          entries: [entryOf(run)],
        }))
      : groupRuns(runs, variants, cells).map(({ id, title, named, colour, variant, counted, missing }) => ({
          id,
          title,
          named,
          colour,
          variant,
          entries: [...counted, ...missing].map(entryOf),
        }))

  const all = [...entries.values()]
  const figures = figuresByKey(all)
  const titles = new Map(variants.map(({ id, title }) => [id, title]))
  const columns: Omit<PlotColumn, 'variants'>[] = facts.map(({ read, measured, ...column }) => {
    const values = subjects.map((subject) => (measured ? meanOf : commonOf)(subject, (entry) => read(entry.run)))
    const named =
      column.key === 'variant' ? values.map((one) => ({ ...one, text: titles.get(String(one.value)) ?? one.text })) : values
    return { ...column, kind: 'fact', values: named, numeric: isNumeric(named) }
  })
  for (const { key, title, kind, unit, better } of tableColumns(all, variants)) {
    const figure = figures.get(key)
    const read = columnReader(key, figures)
    const values = subjects.map((subject) =>
      figure ? figureOf(subject, figure) : kind === 'series' ? meanOf(subject, read) : commonOf(subject, read),
    )
    const column = {
      key,
      title,
      unit,
      kind,
      better: figure ? betterAmong(figure, runs) : better,
      values,
      numeric: isNumeric(values),
    }
    columns.push(kind === 'series' ? { ...column, ...unlike(key, runs) } : column)
  }
  const known = columns.map((column) => ({
    ...column,
    variants: [...new Set(subjects.flatMap(({ variant }, at) => (column.values[at]!.value === null ? [] : [variant])))],
  }))
  return { subjects, columns: known.filter(({ values }) => values.some(({ value }) => value !== null)), alike: measuredAlike(runs) }
}

/** A curve's values that are not measured alike stand on one axis only with that said, and none is better. */
function unlike(key: string, runs: readonly Run[]): Partial<Pick<PlotColumn, 'unit' | 'better'>> {
  const having = runs.filter(({ latest }) => Object.hasOwn(latest, key))
  return oneBasis(having, key) ? {} : { unit: 'not measured alike', better: 'neither' }
}

const isNumeric = (values: readonly PlotValue[]): boolean =>
  values.every(({ value }) => value === null || typeof value === 'number')

/** A column's own description, without its values. */
export const columnHead = (column: PlotColumn) => ({
  key: column.key,
  title: column.title,
  unit: column.unit,
  better: column.better,
  source: column.kind,
  numeric: column.numeric,
  varies: varies(column),
  variants: column.variants,
})
export const subjectHead = ({ id, title, named, colour, variant, entries }: PlotSubject) => ({
  id,
  title,
  named,
  colour,
  variant,
  runs: entries.map(({ run }) => run.id),
})

/** By its key, also one that was asked for before several variants had such a setting: then that of the first. */
export const findColumn = (columns: readonly PlotColumn[], key: string): PlotColumn | undefined => {
  const [now] = currentKeys(
    key,
    columns.map((column) => column.key),
  )
  return columns.find((column) => column.key === now)
}

/**
 * That subjects of a plot were trained for different things, where that decides how they are ranked; nothing where the columns
 * are no figures.
 */
export function aimsOfPlot({ subjects }: Plot, columns: readonly PlotColumn[]): string[] {
  const ranking = columns.some(
    ({ kind, better, key, title }) =>
      kind === 'figure' && better !== 'neither' && aimClause({ key, title }, named(subjects)) !== '',
  )
  const note = ranking ? aimNote(named(subjects)) : null
  return note === null ? [] : [note]
}
const named = (subjects: readonly PlotSubject[]) =>
  subjects.map((subject) => ({ name: subject.named ? `“${subject.title}”` : subject.title, run: subject.entries[0]!.run }))

/** Whether a column has at least two different values. */
export const varies = ({ values }: PlotColumn): boolean =>
  new Set(values.flatMap(({ value }) => (value === null ? [] : [value]))).size > 1

function figureOf({ entries }: PlotSubject, figure: Figure): PlotValue {
  const counted = entries.filter(({ run }) => run.evaluation !== null)
  const newest = Math.max(...counted.map(({ run }) => run.evaluation!.version))
  const found = groupEstimate(figure, { counted: counted.flatMap(({ run }) => (run.evaluation!.version === newest ? [run] : [])) })
  if (found.mean === null) return nothing
  const scale = scaleOf(figure)
  return {
    value: found.mean * scale,
    text: found.text,
    interval: found.low === null ? null : [found.low * scale, found.high! * scale],
  }
}

function meanOf({ entries }: PlotSubject, read: (entry: TableEntry) => number | string | null): PlotValue {
  const found = estimate(entries.map(read).filter((value): value is number => typeof value === 'number' && Number.isFinite(value)))
  return found === null
    ? nothing
    : { value: found.mean, text: formatQuantity(found.mean), interval: found.low === null ? null : [found.low, found.high!] }
}

/** The value that all have. */
function commonOf({ entries }: PlotSubject, read: (entry: TableEntry) => number | string | null): PlotValue {
  const values = [...new Set(entries.map(read))]
  const [value] = values
  if (values.length === 1 && value !== undefined && value !== null)
    return { value, text: typeof value === 'number' ? String(value) : value, interval: null }
  return nothing
}
