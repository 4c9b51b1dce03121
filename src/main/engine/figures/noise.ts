import type { Evaluation } from '../../../shared/domain.ts'
import { namesIn, type Metrics, type Part } from './figure.ts'
import { noiseLevels } from './protocol.ts'

type Robustness = NonNullable<Evaluation['robustness']>

const noises = [
  {
    kind: 'masking',
    row: 'Values masked',
    title: (level: string) => `${Number((100 * Number(level)).toFixed(4))}% of the input masked`,
  },
  { kind: 'gaussian', row: 'Gaussian noise', title: (level: string) => `Gaussian noise of standard deviation ${level}` },
] as const

/** How well a network rebuilds what it sees through noise. */
export const noise = {
  robustness: {
    section: 'noise',
    goals: ['squaredError'],
    parts: (values) =>
      noises.flatMap(({ kind, row, title }) =>
        namesIn(
          noiseLevels,
          values.map((value) => value[kind]),
        ).map((level): Part<Robustness> => ({
          name: `${kind}.${level}`,
          title: `Squared error, ${title(level)}`,
          unit: 'per sample',
          better: 'lower',
          explanation: 'Of reconstructions of noisy inputs against the clean test samples.',
          place: { row, column: level },
          read: (value) => value[kind][level],
        })),
      ),
  },
} as const satisfies Partial<Metrics>
