import { WorkbenchError } from '../../../shared/errors.ts'
import { readResult } from '../checkpoint/checkpoint.ts'
import { openDataset } from '../data/open.ts'
import { validationSplit } from '../data/split.ts'
import { evaluate } from '../evaluate/evaluate.ts'
import { activationRange } from '../network/activation.ts'
import { variantOf } from '../variants/index.ts'
import { CompiledModel } from './compiled.ts'
import type { EvaluateJob, EvaluateResult } from './messages.ts'
import type { Port } from './port.ts'

/**
 * Measures a run from its checkpoint, as its training did at its end.
 * @throws WorkbenchError CHECKPOINT_MISSING, CHECKPOINT_DAMAGED, RUN_MISMATCH, RUN_DIVERGED, CANCELLED
 */
export async function evaluateRun(job: EvaluateJob, port: Port): Promise<EvaluateResult> {
  const dataset = openDataset(job.datasetFolder)
  const { variant, config, seed, inputSize, state, position, name } = readResult(job.runFolder)
  if (inputSize !== dataset.rowSize) {
    throw new WorkbenchError('RUN_MISMATCH', `The checkpoint takes ${inputSize} values and the dataset's samples have ${dataset.rowSize}; train the run again.`)
  }
  const model = new CompiledModel({ variant: variantOf(variant), config, inputSize, kind: dataset.kind })
  model.load(state)
  const evaluation = await evaluate({
    model, dataset, train: validationSplit(dataset, seed).train, outputRange: activationRange[config.network.outputActivation], signal: port.signal,
    onProgress: (progress) => port.send({ type: 'progress', progress, ...position, stepsPerSecond: null }),
  })
  return { kind: 'evaluate', evaluation: { ...evaluation, checkpoint: name } }
}
