import type { VariantInfo } from '../../../shared/config.ts'
import type { Run } from '../../../shared/domain.ts'
import type { CellValue, RunColumn } from '../../../shared/runTable.ts'
import { cleanKey } from './basis.ts'
import { figuresOf, valueOf, type Figure } from '../figures/index.ts'
import { formatSetting } from './formats.ts'
import { isOf, partsOf } from '../../../shared/ownedKeys.ts'
import { choiceWords } from '../../../shared/words.ts'
import { ownerIn, sectionTitles, settingTitles } from './settings.ts'
import type { TableEntry } from './tableIndex.ts'

/** What is known of single code units is no column: there are as many as units. */
const isColumn = (series: string): boolean => !/validation\/[^/]+\/\d+$/.test(series)

/** The size of the code, which is the last of the layers' sizes and by itself what one sorts and groups by. */
const codeSize = 'network.codeSize'

/** A setting as it stands in a cell: numbers as numbers, everything else as it is read. */
function settingValue(value: unknown): CellValue {
  if (value === undefined || value === null) return null
  return typeof value === 'number' ? value : choiceWords(formatSetting(value))
}

function settingOf({ run, settings }: TableEntry, key: string): CellValue {
  const { plain, owner } = partsOf(key)
  if (owner !== null && !isOf(key, ownerIn(run))) return null
  if (key !== codeSize) return settingValue(settings.get(plain))
  const layers = settings.get('network.layers')
  return Array.isArray(layers) && typeof layers.at(-1) === 'number' ? (layers.at(-1) as number) : null
}

/** Only the clean error means the same for all runs of a dataset. */
const seriesUnit = (key: string): Pick<RunColumn, 'unit' | 'better'> =>
  key === cleanKey ? { unit: 'per sample', better: 'lower' } : { unit: '', better: 'neither' }

/** The figures that some of the runs have, by key. */
export const figuresByKey = (entries: readonly TableEntry[]): Map<string, Figure> =>
  new Map(figuresOf(entries.flatMap(({ run }) => (run.evaluation ? [run] : []))).map((figure) => [figure.key, figure]))

/** Reads one column of a run; null for a column that there is not. */
export function columnReader(key: string, figures: ReadonlyMap<string, Figure>): (entry: TableEntry) => CellValue {
  const figure = figures.get(key)
  if (figure) return ({ run }) => valueOf(figure, run)
  if (key.includes('/')) return ({ run }) => run.latest[key] ?? null
  return (entry) => settingOf(entry, key)
}

/**
 * Every column that some run has a value in: figures in the order of the tables, then what was last measured in training, then
 * settings.
 */
export function tableColumns(entries: readonly TableEntry[], variants: readonly VariantInfo[]): RunColumn[] {
  const figures = figuresByKey(entries)
  const columns: RunColumn[] = []
  const add = (column: Omit<RunColumn, 'numeric' | 'count' | 'varies'>): void => {
    const read = columnReader(column.key, figures)
    let count = 0,
      numeric = true,
      varies = false
    let first: CellValue = null
    for (const entry of entries) {
      const value = read(entry)
      if (value === null) continue
      first ??= value
      varies ||= value !== first
      count += 1
      numeric &&= typeof value === 'number'
    }
    if (count > 0) columns.push({ ...column, numeric, count, varies })
  }
  for (const { key, title, unit, better } of figures.values())
    add({ key, title, kind: 'figure', section: 'Evaluation', unit, better })

  const series = new Set<string>()
  for (const { run } of entries) for (const key in run.latest) series.add(key)
  for (const key of [...series].filter(isColumn).sort()) {
    add({ key, title: key, kind: 'series', section: 'Latest value of a curve', ...seriesUnit(key) })
  }

  const settings = new Map<ReadonlyMap<string, unknown>, Run>()
  for (const entry of entries) if (!settings.has(entry.settings)) settings.set(entry.settings, entry.run)
  for (const { key, title } of settingTitles([...settings.values()], variants)) {
    const section = sectionTitles[key === 'reconstruction' ? 'objective' : key.split('.')[0]!] ?? 'Settings'
    add({
      key,
      title: title.replace(/^Pretraining: ([a-z])/, (_, letter: string) => letter.toUpperCase()),
      kind: 'setting',
      section,
      unit: '',
      better: 'neither',
    })
    if (key === 'network.layers') add({ key: codeSize, title: 'Code size', kind: 'setting', section, unit: '', better: 'neither' })
  }
  return columns
}
