import type { Evaluation } from './domain.ts'
import { thousands } from './words.ts'

/** Which of a run's weights an evaluation is of, within a sentence; where in the training they were, as far as it says so. */
export function evaluatedWeights({ checkpoint, checkpointStep: step, checkpointEpoch: epoch }: Evaluation): string {
  const which = checkpoint === 'best' ? 'weights of the lowest validation loss' : 'last weights'
  // Of a closed form there are no steps.
  return step === null || step === 0
    ? which
    : `${which} (${epoch === null ? '' : `epoch ${rounded(epoch)}, `}step ${thousands(step)})`
}

const rounded = (epoch: number): number => Math.round(epoch * 10) / 10
