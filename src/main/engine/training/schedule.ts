import type { TrainingConfig } from '../../../shared/config.ts'

/**
 * The learning rate of a step: linear warm-up from 0, times a schedule over all of training: constant; `step`, divided by 10 at one half
 * and again at three quarters; `cosine` to 0 (Loshchilov and Hutter 2017, one period). A function of the step alone.
 * @param step from 1
 */
export function learningRateAt(training: TrainingConfig, step: number, stepsPerEpoch: number): number {
  const epoch = (step - 1) / stepsPerEpoch
  const done = epoch / training.epochs
  const warmup = training.warmupEpochs > 0 ? Math.min(1, step / (training.warmupEpochs * stepsPerEpoch)) : 1
  const factor =
    training.schedule === 'constant'
      ? 1
      : training.schedule === 'step'
        ? done < 0.5
          ? 1
          : done < 0.75
            ? 0.1
            : 0.01
        : (1 + Math.cos(Math.PI * done)) / 2
  return training.learningRate * warmup * factor
}
