import { setImmediate } from 'node:timers/promises'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { Progress } from '../../../shared/domain.ts'
import type { PackedDataset } from '../data/packed.ts'
import { bound } from './bound.ts'
import { classification } from './classification.ts'
import { codeActivity } from './codeActivity.ts'
import { encodeLabelled } from './codes.ts'
import { contraction } from './contraction.ts'
import { jacobian } from './jacobian.ts'
import { meanImage } from './meanImage.ts'
import { linearProbe } from './linearProbe.ts'
import type { AnyWeights, Corrupt, Figures, Subject } from './measurement.ts'
import type { Report } from './report.ts'
import type { Model } from './model.ts'
import { nearestNeighbours } from './nearestNeighbours.ts'
import { reconstruction } from './reconstruction.ts'
import { robustness } from './robustness.ts'
import { trainedCorruption } from './trainedCorruption.ts'
import { EVALUATION_VERSION } from './version.ts'

export { EVALUATION_VERSION }

export interface EvaluateOptions {
  model: Model
  dataset: PackedDataset
  /** Rows of the run's train split, without its validation rows: what the probes learn from. */
  train: Uint32Array
  /** The range that the output's activation cannot leave, e.g. [0, 1] for sigmoid, [-Infinity, Infinity] for linear. */
  outputRange: readonly [number, number]
  /** How the network's inputs were corrupted in training; null where they were not. */
  corrupt?: Corrupt | null
  signal?: AbortSignal
  /** `done` of `total` in per cent. */
  onProgress?: (progress: Progress) => void
}

/** All figures of an evaluation, in the order in which they are measured. Adding one is its file and its place here. */
const measurements = [
  reconstruction,
  trainedCorruption,
  meanImage,
  robustness,
  codeActivity,
  jacobian,
  contraction,
  bound,
  classification,
  nearestNeighbours,
  linearProbe,
] as const
type KeysOf<T> = T extends unknown ? keyof T : never
type Measured = Pick<Figures, KeysOf<Awaited<ReturnType<(typeof measurements)[number]['measure']>>>>

/** Relative time that encoding the train and test split takes, beside the weights of the measurements. */
const encodingWeight = 5

/**
 * Measures a trained network on the dataset's test split: the same samples and the same corruption for every run, whatever its
 * variant or seed. Memory does not grow with the dataset, but for the codes (kept as tensors up to 512 MB a split).
 * @throws RUN_DIVERGED where the network's values are not finite; CANCELLED after `signal`.
 */
export async function evaluate(options: EvaluateOptions): Promise<AnyWeights> {
  const { model, dataset, train, outputRange, corrupt = null, signal, onProgress } = options
  const started = performance.now()
  const all = measurements.reduce((sum, { weight }) => sum + weight, encodingWeight)
  let before = 0
  let done = 0
  /** Progress of a part that takes `weight`; parts follow each other. It never goes back. */
  const part = (weight: number): Report => {
    const start = before
    before += weight
    return async (share) => {
      done = Math.max(done, (start + weight * Math.min(1, share)) / all)
      const seconds = (performance.now() - started) / 1000
      const secondsLeft = done > 0.05 ? (seconds * (1 - done)) / done : null
      onProgress?.({
        done: Math.round(done * 100),
        total: 100,
        unit: 'per cent',
        perSecond: null,
        secondsLeft,
        stage: 'Evaluating',
      })
      await setImmediate()
      if (signal?.aborted) throw new WorkbenchError('CANCELLED', 'The evaluation was cancelled; the trained weights are kept.')
    }
  }

  const codes = await encodeLabelled(model, dataset, train, part(encodingWeight))
  const subject: Subject = { model, dataset, train, outputRange, corrupt, codes }
  try {
    let figures = {} as Measured
    for (const { weight, measure } of measurements) {
      const report = part(weight)
      figures = { ...figures, ...(await measure(subject, report)) }
      await report(1)
    }
    return { version: EVALUATION_VERSION, ...figures, seconds: (performance.now() - started) / 1000 }
  } finally {
    codes?.train.dispose()
    codes?.test.dispose()
  }
}
