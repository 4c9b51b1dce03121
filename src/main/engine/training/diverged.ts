import { WorkbenchError } from '../../../shared/errors.ts'

/** The objective or the weights are no longer finite numbers. */
export class Diverged extends WorkbenchError {
  readonly step: number

  constructor(step: number) {
    super('RUN_DIVERGED', `The objective was no longer a finite number at step ${step}; lower training.learningRate or set training.clipNorm, and train again. The last finite checkpoint is kept.`)
    this.step = step
  }
}
