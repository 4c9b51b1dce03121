import type { Parallel } from '../../../../shared/plots.ts'
import { currentKeys } from '../../../../shared/ownedKeys.ts'
import { axisOf } from './axis.ts'
import { columnHead, subjectHead, varies, type Plot, type PlotColumn } from './subjects.ts'

/** Axes that are shown where nobody chooses. */
const most = 12

/** Parallel coordinates: an axis for each of some columns, a line for each run or group. A key that no run has a value of is left out. */
export function parallelOf({ subjects, columns }: Plot, keys?: readonly string[]): Parallel {
  const byKey = new Map(columns.map((column) => [column.key, column]))
  const shown =
    keys === undefined
      ? usual(columns)
      : [...new Set(keys.flatMap((key) => currentKeys(key, [...byKey.keys()])))].flatMap((key) => byKey.get(key) ?? [])
  const axes = shown.map((column) => axisOf(column.values, column.numeric, column.kind === 'setting'))
  return {
    axes: shown.map((column, index) => {
      const { kind, logarithmic, ticks } = axes[index]!
      return { ...columnHead(column), kind, logarithmic, ticks }
    }),
    lines: subjects.map((subject, at) => ({
      ...subjectHead(subject),
      places: shown.map(({ values }, index) => axes[index]!.placeOf(values[at]!.value)),
      texts: shown.map(({ values }) => values[at]!.text),
    })),
    columns: columns.map(columnHead),
  }
}

/** The settings that differ, then the figures that can be ranked. Code size stands for the layers where it alone differs. */
function usual(columns: readonly PlotColumn[]): PlotColumn[] {
  const settings = columns.filter((column) => (column.kind === 'setting' || column.key === 'variant') && varies(column))
  const codeOnly = settings.some(({ key }) => key === 'network.codeSize')
  const figures = columns.filter(
    (column) => column.kind === 'figure' && column.better !== 'neither' && varies(column) && !column.key.startsWith('robustness.'),
  )
  const room = Math.max(1, most - Math.min(figures.length, 5))
  return [...settings.filter(({ key }) => !(codeOnly && key === 'network.layers')).slice(0, room), ...figures.slice(0, 5)]
}
