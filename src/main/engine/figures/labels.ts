import type { Metrics } from './figure.ts'
import { neighbourCount } from './protocol.ts'

/** How well a network that was trained for classes tells them apart. */
export const classifier = {
  classificationAccuracy: {
    title: 'Classification accuracy',
    short: 'Accuracy',
    unit: '%',
    better: 'higher',
    explanation: 'Share of the labelled test samples whose class the softmax layer gives the highest probability.',
    section: 'evaluation',
    goals: ['classes'],
    // It is what such networks are for.
    applies: ({ config }) => config.fineTuning.kind === 'classification',
  },
} as const satisfies Partial<Metrics>

/** How well classes can be told apart by the codes. */
export const codes = {
  linearProbeAccuracy: {
    title: 'Linear probe accuracy',
    short: 'Probe',
    unit: '%',
    better: 'higher',
    explanation: 'On the test split, of a linear classifier trained on the codes of the training split.',
    section: 'evaluation',
    goals: ['classes'],
  },
  knnAccuracy: {
    title: `${neighbourCount}-nearest-neighbour accuracy`,
    short: `${neighbourCount}-NN`,
    unit: '%',
    better: 'higher',
    explanation: `On the test split, by a vote of the ${neighbourCount} nearest codes of the training split.`,
    section: 'evaluation',
    goals: ['classes'],
  },
} as const satisfies Partial<Metrics>
