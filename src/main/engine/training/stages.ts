import type { Config } from '../../../shared/config.ts'
import type { Stage } from '../../../shared/domain.ts'
import { shapeText } from '../../../shared/networkSizes.ts'
import { trainingRows, type SplitCounts } from '../../../shared/split.ts'
import { sizeOf, type Shape } from '../../../shared/shape.ts'
import type { PackedDataset } from '../data/packed.ts'
import { layersOf } from '../network/weights.ts'
import { layerConfig, layerVariantOf } from '../variants/layers.ts'
import { lastRows } from '../variants/settings/lengthRules.ts'
import type { Variant } from '../variants/variant.ts'

/** What the length of a run's training depends on. */
export interface Counts extends SplitCounts {
  /** Of one row. */
  input: Shape
}

/** What the length of a training depends on. @param split the run's own, as of `validationSplit` */
export const countsOf = (input: Shape, split: Pick<PackedDataset, 'train' | 'validation'>): Counts => ({
  input,
  trainCount: split.train.length,
  validationCount: split.validation.length,
})

/** A stage with what is trained in it. */
export interface PlannedStage extends Stage {
  /** Rows a step, and steps that make an epoch. */
  batchSize: number
  stepsPerEpoch: number
}

/** A stage as it is stored with its run and shown. */
export const stageOf = ({ kind, title, layer, variant, prefix, startStep, steps, startEpoch, epochs }: PlannedStage): Stage => ({
  kind,
  title,
  layer,
  variant,
  prefix,
  startStep,
  steps,
  startEpoch,
  epochs,
})

/**
 * A run's training in order: every layer by itself where there is pretraining, then the whole network. Empty for variants in closed form.
 * Epochs are of whole batches, the last, partial one is dropped; a handful of labelled rows is one batch.
 */
export function stagesOf(variant: Variant, config: Config, counts: Counts): PlannedStage[] {
  if (variant.fit) return []
  const rows = trainingRows(counts)
  const stages: PlannedStage[] = []
  const add = (stage: Omit<PlannedStage, 'startStep' | 'startEpoch' | 'steps' | 'stepsPerEpoch'>, available: number) => {
    const last = stages.at(-1)
    const stepsPerEpoch = Math.floor(available / stage.batchSize)
    stages.push({
      ...stage,
      stepsPerEpoch,
      steps: stage.epochs * stepsPerEpoch,
      startStep: last ? last.startStep + last.steps : 0,
      startEpoch: last ? last.startEpoch + last.epochs : 0,
    })
  }
  const { pretraining, fineTuning, training } = config
  if (pretraining.kind !== 'none') {
    layersOf(config.network, counts.input).encoder.forEach(({ map }, layer) => {
      const { epochs, batchSize } = layerConfig(config, layer).training
      const sizes = layer < config.network.convolutions.length ? shapeText : (shape: Shape) => String(sizeOf(shape))
      const title = `Layer ${layer + 1}: ${sizes(map.in)} to ${sizes(map.out)}`
      add(
        { kind: 'layer', title, layer, variant: layerVariantOf(config).id, prefix: `pretraining/${layer}/`, epochs, batchSize },
        rows,
      )
    })
  }
  const available = lastRows(config, rows)
  add(
    {
      kind: fineTuning.kind,
      title:
        pretraining.kind === 'none' && fineTuning.kind === 'reconstruction'
          ? 'Training'
          : fineTuning.kind === 'classification'
            ? 'Classification'
            : 'Fine-tuning',
      layer: null,
      variant: variant.id,
      prefix: '',
      epochs: training.epochs,
      batchSize: fineTuning.kind === 'classification' ? Math.min(training.batchSize, available) : training.batchSize,
    },
    available,
  )
  return stages
}
