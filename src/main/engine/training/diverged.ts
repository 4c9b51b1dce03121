import { WorkbenchError } from '../../../shared/errors.ts'

/** The objective, the weights or what they give are not finite numbers. */
export class Diverged extends WorkbenchError {
  readonly step: number

  constructor(step: number, message = sentence(step, 'training')) {
    super('RUN_DIVERGED', message)
    this.step = step
  }

  /** While a layer was pretrained, or the whole network trained. */
  static in(stage: { kind: string }, step: number): Diverged {
    return new Diverged(step, sentence(step, stage.kind === 'layer' ? 'pretraining' : 'training'))
  }
}

const sentence = (step: number, section: string): string =>
  `The objective was no longer a finite number at step ${step}; lower ${section}.learningRate ` +
  'or set training.clipNorm, and train again. The last finite checkpoint is kept.'

/** What was thrown, with the run's step where it is of this kind. */
export const withStep = (thrown: unknown, step: number): unknown =>
  thrown instanceof WorkbenchError && thrown.code === 'RUN_DIVERGED' && !(thrown instanceof Diverged)
    ? new Diverged(step, thrown.message)
    : thrown
