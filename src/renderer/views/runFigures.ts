import type { Evaluation } from '../../shared/domain.ts'
import { figure, percent } from '../format.ts'

export interface FigureText { key: string; title: string; text: string; unit: string; hint: string }

/** An evaluation's figures as they are read: title, number, unit, and what it means. Null figures have no meaning for the run and are left out. */
export function figureTexts(evaluation: Evaluation): FigureText[] {
  const { squaredError, crossEntropy, psnr, linearProbeAccuracy, knnAccuracy } = evaluation
  const all: (FigureText | null)[] = [
    of('squaredError', 'Squared error', squaredError, figure, 'per sample', 'Summed over values, mean over the test samples; lower is better.'),
    of('crossEntropy', 'Cross-entropy', crossEntropy, figure, 'nats per sample', 'Summed over values, mean over the test samples; lower is better.'),
    of('psnr', 'Peak signal-to-noise ratio', psnr, (value) => figure(value, 3), 'dB', 'Higher is better.'),
    of('linearProbeAccuracy', 'Linear probe accuracy', linearProbeAccuracy, percent, '', 'Of a linear classifier trained on the codes; higher is better.'),
    of('knnAccuracy', '5-nearest-neighbour accuracy', knnAccuracy, percent, '', 'Of the five nearest codes of the training split; higher is better.'),
  ]
  return all.filter((one) => one !== null)
}

/** The squared error under noise at the input, one row a kind of noise and one column a level. */
export function robustnessTexts(evaluation: Evaluation): { levels: string[]; rows: { title: string; texts: string[] }[] } | null {
  const { robustness } = evaluation
  if (!robustness) return null
  const levels = [...new Set([...Object.keys(robustness.masking), ...Object.keys(robustness.gaussian)])].sort((a, b) => Number(a) - Number(b))
  const row = (title: string, values: Record<string, number | null>) => ({ title, texts: levels.map((level) => figure(values[level])) })
  return { levels, rows: [row('Values masked', robustness.masking), row('Gaussian noise', robustness.gaussian)] }
}

function of(
  key: string, title: string, value: number | null, write: (value: number) => string, unit: string, hint: string,
): FigureText | null {
  return value === null ? null : { key, title, text: write(value), unit, hint }
}
