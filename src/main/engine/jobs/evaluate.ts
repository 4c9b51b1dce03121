import { WorkbenchError } from '../../../shared/errors.ts'
import { sizeOf } from '../../../shared/shape.ts'
import { readResult } from '../checkpoint/checkpoint.ts'
import { validationSplit } from '../data/split.ts'
import { openTrainingData } from '../training/data.ts'
import { evaluate } from '../evaluate/evaluate.ts'
import { activationRange } from '../network/activation.ts'
import { variantOf } from '../variants/index.ts'
import { CompiledModel } from '../training/compiled.ts'
import type { EvaluateJob, EvaluateResult } from '../training/messages.ts'
import { ownCorruption } from '../training/ownCorruption.ts'
import type { Port } from '../training/port.ts'

/**
 * Measures a run from its checkpoint, as its training did at its end.
 * @throws WorkbenchError CHECKPOINT_MISSING, CHECKPOINT_DAMAGED, RUN_MISMATCH, RUN_DIVERGED, CANCELLED
 */
export async function evaluateRun(job: EvaluateJob, port: Port): Promise<EvaluateResult> {
  const { variant, config, seed, inputShape, classes, state, position, name } = readResult(job.runFolder)
  const { seen: dataset } = openTrainingData(job.datasetFolder, config)
  if (sizeOf(inputShape) !== dataset.rowSize) {
    throw new WorkbenchError(
      'RUN_MISMATCH',
      `The checkpoint takes ${sizeOf(inputShape)} values and the dataset's samples have ${dataset.rowSize}; train the run again.`,
    )
  }
  const model = new CompiledModel({
    variant: variantOf(variant),
    config,
    input: dataset,
    kind: dataset.kind,
    classes: classes.length,
  })
  model.load(state)
  const evaluation = await evaluate({
    model,
    dataset,
    train: validationSplit(dataset, seed).train,
    outputRange: activationRange[config.network.outputActivation],
    corrupt: ownCorruption(variantOf(variant), config, dataset.channels),
    signal: port.signal,
    onProgress: (progress) => port.send({ type: 'progress', progress, ...position, stepsPerSecond: null }),
  })
  return { kind: 'evaluate', evaluation: { ...evaluation, checkpoint: name } }
}
