import type { Parallel, PlotColumnHead } from '../../../shared/plots.ts'

export type { PlotColumnHead }

/** What figures a scatter begins with: how well it rebuilds against what its codes are worth, else the first two that can be ranked. */
export function usualPair(columns: readonly PlotColumnHead[]): [string, string] | null {
  const numeric = columns.filter((column) => column.numeric && column.varies)
  const has = (key: string) => numeric.some((column) => column.key === key)
  if (has('squaredError') && has('linearProbeAccuracy')) return ['squaredError', 'linearProbeAccuracy']
  const ranked = numeric.filter(({ better, source }) => better !== 'neither' && source === 'figure')
  const two = [...ranked, ...numeric.filter((column) => !ranked.includes(column))].slice(0, 2)
  return two.length === 2 ? [two[0]!.key, two[1]!.key] : null
}

/**
 * What a heat map begins with: the first two settings that differ, and the figure that the sentences are about; null where fewer
 * than two differ.
 */
export function usualHeat(
  columns: readonly PlotColumnHead[],
  headline: string | null,
): { x: string; y: string; figure: string } | null {
  const settings = columns.filter(({ source, key, varies }) => varies && (source === 'setting' || key === 'variant'))
  // Strengths and sizes are what is swept; of code size and layers one is enough.
  const rank = ({ key, numeric }: PlotColumnHead) => (key === 'network.layers' ? 3 : key === 'variant' ? 1 : numeric ? 0 : 2)
  const sorted = [...settings].sort((a, b) => rank(a) - rank(b))
  const x = sorted[0]
  // No run has settings of two regularizers.
  const y = sorted.slice(1).find(({ variants }) => variants.some((variant) => x!.variants.includes(variant)))
  const figures = columns.filter(({ source, numeric }) => source === 'figure' && numeric)
  const figure = figures.find(({ key }) => key === headline) ?? figures.find(({ better }) => better !== 'neither') ?? figures[0]
  return x && y && figure ? { x: x.key, y: y.key, figure: figure.key } : null
}

const sourceTitles: Record<PlotColumnHead['source'], string> = {
  fact: 'Run',
  setting: 'Settings',
  figure: 'Figures',
  series: 'Curves, last value',
}

/** Columns under the heads of a list, those that differ only. */
export function bySource(columns: readonly PlotColumnHead[]): { title: string; columns: PlotColumnHead[] }[] {
  return (['setting', 'figure', 'fact', 'series'] as const).flatMap((source) => {
    const ofSource = columns.filter((column) => column.source === source)
    return ofSource.length > 0 ? [{ title: sourceTitles[source], columns: ofSource }] : []
  })
}

export const axisText = ({ title, unit }: Pick<Parallel['columns'][number], 'title' | 'unit'>): string =>
  unit === '' ? title : `${title} (${unit})`
