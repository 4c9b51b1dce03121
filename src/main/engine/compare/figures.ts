import { isAlwaysOn, isDead, seldom, usual } from '../../../shared/activity.ts'
import type { Comparison } from '../../../shared/comparison.ts'
import type { Evaluation, Run } from '../../../shared/domain.ts'
import { measuredAlike } from './comparable.ts'
import { absent, formatDecimals, formatPercent, formatQuantity } from './formats.ts'

export type FigureRow = Comparison['figures'][number]

/** What a figure of the evaluation is called, in what it is measured and how it is written. */
export interface Figure {
  key: string
  title: string
  unit: string
  better: FigureRow['better']
  /** Of the likelihood: it means the same only under the same likelihood of the same data. */
  bound?: boolean
  /** Null where a run has none. */
  value: (evaluation: Evaluation) => number | null | undefined
  /** Writes the number, without its unit. */
  text: (value: number | null, evaluation: Evaluation | null) => string
}

const of = (
  key: Exclude<
    keyof Evaluation,
    'contractionRatio' | 'unitActivity' | 'robustness' | 'checkpoint' | 'likelihood' | 'klPerUnit' | 'collapse' | 'brightness'
  >,
  title: string,
  unit: string,
  better: FigureRow['better'],
  text: Figure['text'] = formatQuantity,
): Figure => ({ key, title, unit, better, value: (evaluation) => evaluation[key], text })

/** How many code units fulfil something, of how many. */
const units = (key: string, title: string, counts: (activity: number) => boolean): Figure => ({
  key,
  title,
  unit: 'units',
  better: 'neither',
  value: ({ unitActivity }) => unitActivity?.filter(counts).length,
  text: (value, evaluation) => (value === null ? absent : `${value} of ${evaluation?.unitActivity?.length}`),
})

const plain: Figure[] = [
  of('squaredError', 'Squared error', 'per sample', 'lower'),
  // Each network's own corruption: beside the clean error, and not to be ranked among those of others.
  of('corruptedSquaredError', 'Squared error, inputs corrupted as in training', 'per sample', 'neither'),
  of('crossEntropy', 'Cross-entropy', 'nats per sample', 'lower'),
  of('psnr', 'Peak signal-to-noise ratio', 'dB', 'higher', (value) => formatDecimals(value, 1)),
  of('linearProbeAccuracy', 'Linear probe accuracy', '%', 'higher', formatPercent),
  of('knnAccuracy', '5-nearest-neighbour accuracy', '%', 'higher', formatPercent),
  {
    key: 'brightness.shift',
    title: 'Mean brightness less that of the images',
    unit: '',
    better: 'neither',
    value: ({ brightness }) => brightness && brightness.clean - brightness.input,
    text: formatQuantity,
  },
]

/** Of networks that were fine-tuned for it; it is what they are for. */
const classification = (runs: readonly Run[]): Figure[] =>
  runs.some(({ config }) => config.fineTuning.kind === 'classification')
    ? [of('classificationAccuracy', 'Classification accuracy', '%', 'higher', formatPercent)]
    : []

/** The levels and radii that every evaluation measures; shown even where no run has been evaluated yet. */
const levels = ['0.1', '0.25', '0.5']
const radii = ['0.5', '1', '2', '4']

/** What the encoder does, which is neither good nor bad by itself. */
const encoder = (runs: readonly Run[]): Figure[] => [
  of('jacobianNorm', 'Jacobian norm at the samples', '', 'neither'),
  {
    key: 'contractionRatio.midpointJacobianNorm',
    title: 'Jacobian norm half way between samples',
    unit: '',
    better: 'neither',
    value: ({ contractionRatio }) => contractionRatio?.midpointJacobianNorm,
    text: formatQuantity,
  },
  ...keysOf(radii, runs, ({ contractionRatio }) => contractionRatio?.radius).map((radius): Figure => ({
    key: `contractionRatio.radius.${radius}`,
    title: `Contraction ratio at radius ${radius}`,
    unit: '',
    better: 'neither',
    value: ({ contractionRatio }) => contractionRatio?.radius[radius],
    text: formatQuantity,
  })),
  of('saturation', 'Saturated code activations', '%', 'neither', formatPercent),
  of('linearShare', 'Pre-activations in [−1, 1]', '%', 'neither', formatPercent),
  of('meanActivation', 'Mean code activation', '', 'neither'),
  of('hoyerSparsity', 'Hoyer sparsity of the code', '', 'neither'),
  units('unitActivity.dead', `Code units active in < ${100 * seldom}% of samples`, isDead),
  units('unitActivity.always', `Code units active in > ${100 * usual}% of samples`, isAlwaysOn),
]

/** Of probabilistic networks. */
const bounds = (runs: readonly Run[]): Figure[] => {
  if (!runs.some(({ evaluation }) => evaluation?.likelihood)) return []
  return [
    { ...of('elbo', 'Bound on the log likelihood (ELBO)', 'nats per sample', 'higher'), bound: true },
    {
      ...of(
        'logLikelihood',
        'Log likelihood, importance-sampled (100 draws of each of up to 1,000 test samples)',
        'nats per sample',
        'higher',
      ),
      bound: true,
    },
    of('kl', 'KL of the code from the prior', 'nats per sample', 'neither'),
    of('activeUnits', 'Active code units (variance of the mean above 0.01)', 'units', 'neither', (value) =>
      value === null ? absent : String(value),
    ),
  ]
}

const noises = [
  { name: 'masking', title: (level: string) => `Squared error, ${Number((Number(level) * 100).toFixed(4))}% of the input masked` },
  { name: 'gaussian', title: (level: string) => `Squared error, Gaussian noise of ${level}` },
] as const

const noisy = (runs: readonly Run[]): Figure[] =>
  noises.flatMap(({ name, title }) =>
    keysOf(levels, runs, ({ robustness }) => robustness?.[name]).map((level): Figure => ({
      key: `robustness.${name}.${level}`,
      title: title(level),
      unit: 'per sample',
      better: 'lower',
      value: ({ robustness }) => robustness?.[name][level],
      text: formatQuantity,
    })),
  )

/** Numbers by which some evaluation has a figure, ascending. */
function keysOf(known: readonly string[], runs: readonly Run[], figures: (evaluation: Evaluation) => object | undefined): string[] {
  const found = runs.flatMap(({ evaluation }) => (evaluation ? Object.keys(figures(evaluation) ?? {}) : []))
  return [...new Set([...known, ...found])].sort((a, b) => Number(a) - Number(b))
}

/** Every figure of the evaluation, whether or not a run has it, in the order of the tables. */
export const figuresOf = (runs: readonly Run[]): Figure[] => [
  ...classification(runs),
  ...plain,
  ...bounds(runs),
  ...encoder(runs),
  ...noisy(runs),
]

/** A run's figure; null where it has none. */
export const valueOf = (figure: Figure, { evaluation }: Pick<Run, 'evaluation'>): number | null =>
  finite(evaluation && figure.value(evaluation))

/** What is better among these runs: neither, where the figure does not mean the same in all of them. */
export function betterAmong(figure: Figure, runs: readonly Run[]): FigureRow['better'] {
  return figure.bound &&
    !measuredAlike(
      runs.filter((run) => valueOf(figure, run) !== null),
      figure,
    )
    ? 'neither'
    : figure.better
}

/** One row for every figure. No run is marked as the best where the runs were not measured alike. */
export function figureRows(runs: readonly Run[]): FigureRow[] {
  const ranked = measuredAlike(runs)
  return figuresOf(runs).map((figure) => {
    const values = runs.map((run) => valueOf(figure, run))
    const texts = values.map((own, index) => figure.text(own, runs[index]!.evaluation))
    const { key, title, unit } = figure
    const better = betterAmong(figure, runs)
    return { key, title, unit, better, values, texts, best: ranked ? bestOf(values, texts, better) : [] }
  })
}

/**
 * Which are best to the digits shown: two that read the same are best together. None is, where fewer than two have a
 * value, or where all read the same.
 */
export function bestOf(values: readonly (number | null)[], texts: readonly string[], better: FigureRow['better']): number[] {
  const present = values.flatMap((value, index) => (value === null ? [] : [{ value, index }]))
  if (present.length < 2 || better === 'neither') return []
  const sign = better === 'lower' ? 1 : -1
  const winner = present.reduce((a, b) => (sign * b.value < sign * a.value ? b : a))
  const best = present.filter(({ index }) => texts[index] === texts[winner.index]).map(({ index }) => index)
  return best.length === present.length ? [] : best
}

function finite(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}
