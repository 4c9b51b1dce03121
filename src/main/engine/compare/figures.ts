import type { Comparison, Run } from '../../../shared/domain.ts'
import { formatDecimals, formatPercent, formatQuantity } from './formats.ts'

export type FigureRow = Comparison['figures'][number]

/** What a figure of the evaluation is called, in what it is measured and how it is written. `text` writes the number, without its unit. */
interface Figure {
  key: string
  title: string
  unit: string
  better: FigureRow['better']
  text: (value: number | null) => string
}

const plain: Figure[] = [
  { key: 'squaredError', title: 'Squared error', unit: 'per sample', better: 'lower', text: formatQuantity },
  { key: 'crossEntropy', title: 'Cross-entropy', unit: 'nats per sample', better: 'lower', text: formatQuantity },
  { key: 'psnr', title: 'Peak signal-to-noise ratio', unit: 'dB', better: 'higher', text: (value) => formatDecimals(value, 1) },
  { key: 'linearProbeAccuracy', title: 'Linear probe accuracy', unit: '%', better: 'higher', text: formatPercent },
  { key: 'knnAccuracy', title: '5-nearest-neighbour accuracy', unit: '%', better: 'higher', text: formatPercent },
]

const noises = [
  { name: 'masking', title: (level: string) => `Squared error, ${Number((Number(level) * 100).toFixed(4))}% of the input masked` },
  { name: 'gaussian', title: (level: string) => `Squared error, Gaussian noise of ${level}` },
] as const

/** The levels that every evaluation measures; shown even where no run has been evaluated yet. */
const levels = ['0.1', '0.25', '0.5']

/**
 * One row for every figure of the evaluation, whether or not a run has it. With `ranked` false (the runs were not measured
 * alike) no run is marked as the best.
 */
export function figureRows(runs: readonly Run[], ranked: boolean): FigureRow[] {
  const rows = plain.map((figure) => figureRow(figure, runs.map((run) => plainValue(run, figure.key)), ranked))
  for (const noise of noises) {
    const all = new Set([...levels, ...runs.flatMap((run) => Object.keys(run.evaluation?.robustness?.[noise.name] ?? {}))])
    for (const level of [...all].sort((a, b) => Number(a) - Number(b))) {
      const key = `robustness.${noise.name}.${level}`
      const figure: Figure = { key, title: noise.title(level), unit: 'per sample', better: 'lower', text: formatQuantity }
      rows.push(figureRow(figure, runs.map((run) => finite(run.evaluation?.robustness?.[noise.name]?.[level])), ranked))
    }
  }
  return rows
}

function figureRow(figure: Figure, values: (number | null)[], ranked: boolean): FigureRow {
  const { key, title, unit, better } = figure
  const texts = values.map(figure.text)
  return { key, title, unit, better, values, texts, best: ranked ? bestOf(values, texts, better) : [] }
}

/**
 * Runs that are best to the digits shown: two that read the same are best together. None is, where fewer than two have a
 * value, or where all read the same.
 */
function bestOf(values: readonly (number | null)[], texts: readonly string[], better: FigureRow['better']): number[] {
  const present = values.flatMap((value, index) => (value === null ? [] : [{ value, index }]))
  if (present.length < 2 || better === 'neither') return []
  const sign = better === 'lower' ? 1 : -1
  const winner = present.reduce((a, b) => (sign * b.value < sign * a.value ? b : a))
  const best = present.filter(({ index }) => texts[index] === texts[winner.index]).map(({ index }) => index)
  return best.length === present.length ? [] : best
}

function plainValue(run: Run, key: string): number | null {
  return finite((run.evaluation as Record<string, unknown> | null)?.[key])
}

function finite(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}
