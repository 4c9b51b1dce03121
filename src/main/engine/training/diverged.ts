import { WorkbenchError } from '../../../shared/errors.ts'

/** The objective, the weights or what they give are not finite numbers. */
export class Diverged extends WorkbenchError {
  readonly step: number

  constructor(step: number, message = `The objective was no longer a finite number at step ${step}; lower training.learningRate or set training.clipNorm, and train again. The last finite checkpoint is kept.`) {
    super('RUN_DIVERGED', message)
    this.step = step
  }
}

/** What was thrown, with the run's step where it is of this kind. */
export const withStep = (thrown: unknown, step: number): unknown =>
  (thrown instanceof WorkbenchError && thrown.code === 'RUN_DIVERGED' && !(thrown instanceof Diverged) ? new Diverged(step, thrown.message) : thrown)
