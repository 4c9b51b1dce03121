import type { Evaluation } from '../../../shared/domain.ts'
import type { PackedDataset } from '../data/packed.ts'
import type { Codes } from './codes.ts'
import type { Model } from './model.ts'
import type { Report } from './report.ts'
import type { Tensor2D } from '../trace/tensorflow.ts'

/** All figures of an evaluation, by their fixed names. */
export type Figures = Omit<AnyWeights, 'version' | 'seconds'>

/** An evaluation before it is said which of a run's weights it is of. */
export type AnyWeights = Omit<Evaluation, 'checkpoint' | 'checkpointStep' | 'checkpointEpoch'>

/**
 * A network's own corruption of some test samples: inputs [N, D] of these rows, from this place in the test split on. It gives
 * the very tensor that it was given where what was noisy in training is not the inputs.
 */
export type Corrupt = (inputs: Tensor2D, rows: Uint32Array, start: number) => Tensor2D

/** What a measurement may use. Measurements only read it, and never depend on the order in which they are made. */
export interface Subject {
  model: Model
  dataset: PackedDataset
  /** Rows of the run's train split, without its validation rows. */
  train: Uint32Array
  /** The range that the output's activation cannot leave, e.g. [0, 1] for sigmoid, [-Infinity, Infinity] for linear. */
  outputRange: readonly [number, number]
  /** The codes of the labelled samples; null where the dataset's labels do not allow a classification. */
  codes: Codes | null
  /** How the network's inputs were corrupted in training; absent or null where they were not. */
  corrupt?: Corrupt | null
}

/**
 * A group of figures that are measured together. Adding figures is: one file that exports one of these, one place in
 * evaluate.ts's list.
 */
export interface Measurement<Names extends keyof Figures> {
  /** Roughly the time it takes, relative to the others; for the progress only. */
  weight: number
  measure: (subject: Subject, report: Report) => Promise<Pick<Figures, Names>>
}
