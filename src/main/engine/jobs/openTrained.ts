import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import { takesShape, trainAgain } from '../checkpoint/inputShape.ts'
import { validationSplit } from '../data/split.ts'
import { CompiledModel } from '../training/compiled.ts'
import { openTrainingData, type TrainingData } from '../training/data.ts'
import type { ModelSpec } from '../training/modelSpec.ts'
import { variantOf } from '../variants/index.ts'

/** A trained network beside what it was trained on. */
export interface Trained<C extends Checkpoint = Checkpoint> {
  checkpoint: C
  data: TrainingData
  /** Rows of the training split that the run was trained with. */
  train: Uint32Array
  spec: ModelSpec
  /** The network itself, compiled; the caller closes it. */
  load(): CompiledModel
}

/**
 * Opens what nearly every job on a trained network needs first.
 * @param misfit what is said where the network takes other values than the samples have
 * @throws WorkbenchError FILE_DAMAGED, and what `misfit` makes
 */
export function openTrained<C extends Checkpoint>(checkpoint: C, datasetFolder: string, misfit = trainAgain): Trained<C> {
  const { variant, config, seed, inputShape, classes, state } = checkpoint
  const data = openTrainingData(datasetFolder, config)
  const { seen } = data
  if (!takesShape(config.network, inputShape, seen)) throw misfit(config.network, inputShape, seen)
  const spec = { variant: variantOf(variant), config, input: seen, kind: seen.kind, classes: classes.length }
  return {
    checkpoint,
    data,
    train: validationSplit(seen, seed).train,
    spec,
    load() {
      const model = new CompiledModel(spec)
      model.load(state)
      return model
    },
  }
}
