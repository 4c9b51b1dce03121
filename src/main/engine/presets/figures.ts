import type { Run } from '../../../shared/domain.ts'

/** A figure that publications report, read from a run. */
export interface Figure {
  title: string
  unit: string
  /** Whose value is wanted: `lower`, `higher`, or one that is neither good nor bad. */
  better: 'lower' | 'higher' | 'neither'
  decimals: number
  of(run: Run): number | null
}

/** 1 - accuracy, in per cent. */
const error = (accuracy: number | null | undefined): number | null =>
  accuracy === null || accuracy === undefined ? null : 100 * (1 - accuracy)
const negative = (value: number | null | undefined): number | null => (value === null || value === undefined ? null : -value)
const percent = (value: number | null | undefined): number | null => (value === null || value === undefined ? null : 100 * value)

export const figures = {
  squaredError: {
    title: 'Squared error',
    unit: 'per image',
    better: 'lower',
    decimals: 2,
    of: ({ evaluation }) => evaluation?.squaredError ?? null,
  },
  classificationError: {
    title: 'Classification error',
    unit: '%',
    better: 'lower',
    decimals: 2,
    of: ({ evaluation }) => error(evaluation?.classificationAccuracy),
  },
  meanActivation: {
    title: 'Mean code activation',
    unit: '',
    better: 'neither',
    decimals: 4,
    of: ({ evaluation }) => evaluation?.meanActivation ?? null,
  },
  negativeBound: {
    title: 'Negative bound',
    unit: 'nats',
    better: 'lower',
    decimals: 1,
    of: ({ evaluation }) => negative(evaluation?.elbo),
  },
  negativeLogLikelihood: {
    title: 'Negative log likelihood',
    unit: 'nats',
    better: 'lower',
    decimals: 2,
    of: ({ evaluation }) => negative(evaluation?.logLikelihood),
  },
  activeUnits: {
    title: 'Active units',
    unit: '',
    better: 'neither',
    decimals: 0,
    of: ({ evaluation }) => evaluation?.activeUnits ?? null,
  },
  /** Of the encoder as it was pretrained, before the whole network changed it. */
  pretrainedJacobian: {
    title: 'Pretrained Jacobian norm',
    unit: '',
    better: 'neither',
    decimals: 3,
    of: ({ latest }) => latest['stack/jacobianNorm'] ?? null,
  },
  pretrainedSaturation: {
    title: 'Pretrained saturation',
    unit: '%',
    better: 'neither',
    decimals: 1,
    of: ({ latest }) => percent(latest['stack/saturation']),
  },
} as const satisfies Record<string, Figure>

export type FigureId = keyof typeof figures
/** A figure that papers state: its words, and how it is read from a run. */
export const figureOf = (id: FigureId): Figure => figures[id]
