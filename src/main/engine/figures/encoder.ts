import { isAlwaysOn, isDead, seldom, usual } from '../../../shared/activity.ts'
import type { Evaluation } from '../../../shared/domain.ts'
import { thousands } from '../../../shared/words.ts'
import { namesIn, type Metrics, type Part } from './figure.ts'
import { contractionRadii, derivativeSamples, nearEnd } from './protocol.ts'

const neutral = { unit: '', better: 'neither' } as const
const section = 'encoder' as const

/** How many code units are active so often. */
const units = (
  name: string,
  title: string,
  explanation: string,
  counts: (activity: number) => boolean,
): Part<NonNullable<Evaluation['unitActivity']>> => ({
  ...neutral,
  name,
  title,
  digits: 0,
  explanation,
  read: (activity) => activity.filter(counts).length,
  outOf: ({ unitActivity }) => unitActivity?.length,
})

/** What the encoder does, which is neither good nor bad by itself. */
export const encoder = {
  jacobianNorm: {
    ...neutral,
    section,
    title: 'Jacobian norm at the samples',
    short: 'Jacobian norm',
    explanation:
      'Frobenius norm of the derivative of the code with respect to the input, ' +
      `mean over the first ${thousands(derivativeSamples)} test samples.`,
  },
  contractionRatio: {
    section,
    parts: (values) => [
      {
        ...neutral,
        name: 'midpointJacobianNorm',
        title: 'Jacobian norm midway between samples',
        explanation: 'The same norm halfway between random pairs of test samples, where a contractive encoder may expand.',
        read: ({ midpointJacobianNorm }) => midpointJacobianNorm,
      },
      ...namesIn(
        contractionRadii,
        values.map(({ radius }) => radius),
      ).map((radius): Part<NonNullable<Evaluation['contractionRatio']>> => ({
        ...neutral,
        name: `radius.${radius}`,
        title: `Contraction ratio at radius ${radius}`,
        explanation: `Distance of two codes over that of their inputs, for inputs ${radius} apart; below 1 the encoder contracts.`,
        read: (ratio) => ratio.radius[radius],
      })),
    ],
  },
  saturation: {
    section,
    title: 'Saturated code activations',
    unit: '%',
    better: 'neither',
    explanation: `Share of the activations that are within ${nearEnd} of an end of their range.`,
  },
  linearShare: {
    section,
    title: 'Pre-activations in [−1, 1]',
    unit: '%',
    better: 'neither',
    explanation: 'Among all units of the encoder that have a nonlinearity: does the network make use of it?',
  },
  meanActivation: {
    ...neutral,
    section,
    title: 'Mean code activation',
    explanation: 'Over all code units and test samples.',
  },
  hoyerSparsity: {
    ...neutral,
    section,
    title: 'Hoyer sparsity of the code',
    explanation: '0 where all units are equally far from their inactive state, 1 where a single one is active.',
  },
  unitActivity: {
    section,
    parts: () => [
      units('dead', 'Number of dead code units', `Active in less than ${100 * seldom}% of the test samples.`, isDead),
      units('always', 'Number of always-active code units', `Active in more than ${100 * usual}% of the test samples.`, isAlwaysOn),
    ],
  },
} as const satisfies Partial<Metrics>
