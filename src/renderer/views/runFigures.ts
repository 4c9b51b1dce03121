import { isAlwaysOn, usual } from '../../shared/activity.ts'
import type { Evaluation } from '../../shared/domain.ts'
import { formatDecimals, formatQuantity } from '../../shared/quantities.ts'
import { percent } from '../format.ts'

export interface FigureText {
  key: string
  title: string
  text: string
  unit: string
  hint: string
}

/**
 * An evaluation's figures as they are read: title, number, unit, and what it means. Null figures have no meaning for the run and
 * are left out.
 */
export function figureTexts(evaluation: Evaluation): FigureText[] {
  const { brightness, corruptedSquaredError } = evaluation
  const {
    squaredError,
    crossEntropy,
    psnr,
    linearProbeAccuracy,
    knnAccuracy,
    classificationAccuracy,
    likelihood,
    elbo,
    logLikelihood,
    kl,
    activeUnits,
    klPerUnit,
  } = evaluation
  const under = `Under a ${likelihood === 'bernoulli' ? 'Bernoulli' : 'Gaussian'} likelihood`
  const all: (FigureText | null)[] = [
    of(
      'classificationAccuracy',
      'Classification accuracy',
      classificationAccuracy,
      percent,
      '',
      'Test samples whose class the softmax layer says; higher is better.',
    ),
    of(
      'squaredError',
      'Squared error',
      squaredError,
      formatQuantity,
      'per sample',
      'Summed over values, mean over the test samples; lower is better.',
    ),
    of(
      'corruptedSquaredError',
      'Squared error, inputs corrupted as in training',
      corruptedSquaredError,
      formatQuantity,
      'per sample',
      'Against the clean samples, with the corruption that the network was trained with at its input; the row above is of clean inputs.',
    ),
    of(
      'crossEntropy',
      'Cross-entropy',
      crossEntropy,
      formatQuantity,
      'nats per sample',
      'Summed over values, mean over the test samples; lower is better.',
    ),
    of('psnr', 'Peak signal-to-noise ratio', psnr, (value) => formatDecimals(value, 1), 'dB', 'Higher is better.'),
    of(
      'linearProbeAccuracy',
      'Linear probe accuracy',
      linearProbeAccuracy,
      percent,
      '',
      'Of a linear classifier trained on the codes; higher is better.',
    ),
    of(
      'knnAccuracy',
      '5-nearest-neighbour accuracy',
      knnAccuracy,
      percent,
      '',
      'Of the five nearest codes of the training split; higher is better.',
    ),
    of(
      'brightness.shift',
      'Mean brightness less that of the images',
      brightness && brightness.clean - brightness.input,
      formatQuantity,
      '',
      brightness
        ? `Reconstructions of clean test images: ${formatQuantity(brightness.clean)}; the images: ${formatQuantity(brightness.input)}.`
        : '',
    ),
    of(
      'elbo',
      'Bound on the log likelihood (ELBO)',
      elbo,
      formatQuantity,
      'nats per sample',
      `${under}; higher is better. Bounds under different likelihoods cannot be compared.`,
    ),
    of(
      'logLikelihood',
      'Log likelihood',
      logLikelihood,
      formatQuantity,
      'nats per sample',
      `${under}, importance-sampled: up to 1,000 test samples, 100 draws each; higher is better.`,
    ),
    of('kl', 'KL of the code from the prior', kl, formatQuantity, 'nats per sample', 'What the codes tell beyond the prior.'),
    of(
      'activeUnits',
      'Active units',
      activeUnits,
      (value) => `${value} of ${klPerUnit?.length}`,
      '',
      'Code units whose mean varies by more than 0.01 over the samples; the others have collapsed.',
    ),
  ]
  return all.filter((one) => one !== null)
}

/** What the encoder does, which is neither good nor bad by itself. */
export function encoderTexts(evaluation: Evaluation): FigureText[] {
  const { jacobianNorm, contractionRatio, saturation, linearShare, meanActivation, hoyerSparsity, unitActivity } = evaluation
  const units = (counts: (activity: number) => boolean) => (unitActivity === null ? null : unitActivity.filter(counts).length)
  const ofAll = (value: number) => `${value} of ${unitActivity?.length}`
  const all: (FigureText | null)[] = [
    of(
      'jacobianNorm',
      'Jacobian norm at the samples',
      jacobianNorm,
      formatQuantity,
      '',
      'Mean Frobenius norm of the derivative of the code, at the test samples.',
    ),
    of(
      'contractionRatio.midpointJacobianNorm',
      'Jacobian norm half way between samples',
      contractionRatio?.midpointJacobianNorm ?? null,
      formatQuantity,
      '',
      'The same norm between random pairs of samples: there a contractive map may expand.',
    ),
    ...Object.entries(contractionRatio?.radius ?? {})
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([radius, value]) =>
        of(
          `contractionRatio.radius.${radius}`,
          `Contraction ratio at radius ${radius}`,
          value,
          formatQuantity,
          '',
          'Distance of two codes over the distance of their inputs; below 1 it contracts.',
        ),
      ),
    of(
      'saturation',
      'Saturated code activations',
      saturation,
      percent,
      '',
      'Code activations within 0.05 of the ends of their range.',
    ),
    of(
      'linearShare',
      'Pre-activations in [−1, 1]',
      linearShare,
      percent,
      '',
      'Of the units with a nonlinearity: does the network use it?',
    ),
    of('meanActivation', 'Mean code activation', meanActivation, formatQuantity, '', 'Over all code units and test samples.'),
    of(
      'hoyerSparsity',
      'Hoyer sparsity of the code',
      hoyerSparsity,
      formatQuantity,
      '',
      'Of the code: 0 when all units are equally far from their inactive state, 1 when one alone is.',
    ),
    of(
      'unitActivity.always',
      'Units always active',
      units(isAlwaysOn),
      ofAll,
      '',
      `Active in more than ${100 * usual}% of the test samples.`,
    ),
  ]
  return all.filter((one) => one !== null)
}

/** The squared error under noise at the input, one row a kind of noise and one column a level. */
export function robustnessTexts(evaluation: Evaluation): { levels: string[]; rows: { title: string; texts: string[] }[] } | null {
  const { robustness } = evaluation
  if (!robustness) return null
  const levels = [...new Set([...Object.keys(robustness.masking), ...Object.keys(robustness.gaussian)])].sort(
    (a, b) => Number(a) - Number(b),
  )
  const row = (title: string, values: Record<string, number | null>) => ({
    title,
    texts: levels.map((level) => formatQuantity(values[level])),
  })
  return { levels, rows: [row('Values masked', robustness.masking), row('Gaussian noise', robustness.gaussian)] }
}

function of(
  key: string,
  title: string,
  value: number | null,
  write: (value: number) => string,
  unit: string,
  hint: string,
): FigureText | null {
  return value === null ? null : { key, title, text: write(value), unit, hint }
}
