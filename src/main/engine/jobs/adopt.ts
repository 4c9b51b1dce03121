import { WorkbenchError } from '../../../shared/errors.ts'
import { sizeOf } from '../../../shared/shape.ts'
import { readCheckpointFile, writeCheckpoint } from '../checkpoint/checkpoint.ts'
import { validationSplit } from '../data/split.ts'
import { evaluate } from '../evaluate/evaluate.ts'
import { activationRange } from '../network/activation.ts'
import { countParameters } from '../network/weights.ts'
import { variantOf } from '../variants/index.ts'
import { CompiledModel } from '../training/compiled.ts'
import { openTrainingData } from '../training/data.ts'
import type { AdoptJob, AdoptResult } from '../training/messages.ts'
import { ownCorruption } from '../training/ownCorruption.ts'
import type { Port } from '../training/port.ts'
import { makePreview } from '../training/preview.ts'
import type { ModelSpec } from '../training/program.ts'

/**
 * Measures the network of a checkpoint's file as a training would at its end, and writes it as a run's checkpoint.
 * @throws WorkbenchError CHECKPOINT_MISSING, CHECKPOINT_DAMAGED, RUN_MISMATCH, RUN_DIVERGED, CANCELLED
 */
export async function adopt({ file, datasetFolder, outFolder }: AdoptJob, port: Port): Promise<AdoptResult> {
  const checkpoint = readCheckpointFile(file)
  const { variant: id, config, seed, inputShape, classes, position } = checkpoint
  const { seen: dataset, fingerprint } = openTrainingData(datasetFolder, config)
  if (sizeOf(inputShape) !== dataset.rowSize) {
    throw new WorkbenchError(
      'RUN_MISMATCH',
      `The weights are for ${sizeOf(inputShape)} values an image, and the dataset's images have ` +
        `${dataset.rowSize}; import the images with the size that they were trained on.`,
      { field: 'dataset' },
    )
  }
  if (config.fineTuning.kind === 'classification' && classes.join('\n') !== dataset.classes.join('\n')) {
    throw new WorkbenchError(
      'RUN_MISMATCH',
      `The network tells ${classes.length} classes apart (${classes.slice(0, 5).join(', ')}), ` +
        'and the dataset has others; choose a dataset of the same classes.',
      { field: 'dataset' },
    )
  }
  const state = Object.fromEntries(Object.entries(checkpoint.state).filter(([name]) => !/^(optimizer|state|stage)\//.test(name)))
  const spec: ModelSpec = { variant: variantOf(id), config, input: dataset, kind: dataset.kind, classes: classes.length }
  const model = new CompiledModel(spec)
  model.load(state)
  writeCheckpoint(outFolder, 'last', { ...checkpoint, dataset: fingerprint, state: model.weights() })
  const preview = makePreview(model, spec, dataset, position.step, position.epoch)
  const evaluation = await evaluate({
    model,
    dataset,
    train: validationSplit(dataset, seed).train,
    outputRange: activationRange[config.network.outputActivation],
    corrupt: ownCorruption(variantOf(id), config, dataset.channels),
    signal: port.signal,
    onProgress: (progress) => port.send({ type: 'progress', progress, ...position, stepsPerSecond: null }),
  })
  return { kind: 'adopt', evaluation: { ...evaluation, checkpoint: 'last' }, preview, parameters: countParameters(model.specs) }
}
