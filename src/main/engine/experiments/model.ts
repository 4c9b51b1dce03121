import type { Config } from '../../../shared/config.ts'
import type { Dataset } from '../../../shared/domain.ts'
import { sizeOf, type Shape } from '../../../shared/shape.ts'
import { splitCounts, trainingRows } from '../../../shared/split.ts'
import { derivativeSamples, likelihoodImages, likelihoodSamples } from '../figures/protocol.ts'
import { classifierOf, countParameters, layersOf, type Layers } from '../network/weights.ts'
import { derivativesOf, rowWork, stepWork, type Work } from '../network/work.ts'
import { optimizerSlots } from '../variants/slots.ts'
import type { PlannedStage } from '../training/stages.ts'
import { layerConfig, layerVariantOf } from '../variants/layers.ts'
import { variantOf } from '../variants/registry.ts'
import { layersOfVariant, weightsOf, type Variant } from '../variants/variant.ts'
import type { Timing } from './costs.ts'

/** How long networks take that were never measured: what they compute, and how fast machines usually are. */

/** Of a thread, floating point operations a second; of all, bytes a second that they read and write; seconds around each step. */
const usual = { operations: 100e9, bytes: 10e9, step: 0.0005 }
/** Seconds until a trainer computes, and what an evaluation takes beside the network. */
const start = 3,
  evaluationStart = 1
/** Ways through the whole network of each test sample in an evaluation, and encoders of each training sample. */
const evaluatedPasses = 8

const secondsOf = ({ operations, bytes }: Work, threads: number): number =>
  operations / (threads * usual.operations) + bytes / usual.bytes

/** A network that is trained by itself. */
interface Trained {
  variant: Variant
  config: Config
  input: Shape
  classes: number
}

/** What a stage of a run's training trains. */
function trainedIn({ kind, layer }: PlannedStage, variant: string, config: Config, dataset: Dataset): Trained {
  const classes = dataset.classes.length
  if (kind !== 'layer') return { variant: variantOf(variant), config, input: dataset, classes }
  const input = layersOf(config.network, dataset).encoder[layer!]!.map.in
  return { variant: layerVariantOf(config), config: layerConfig(config, layer!), input, classes }
}

function layersIn({ variant, config, input, classes }: Trained): Layers {
  const layers = layersOfVariant(variant, config, input)
  if (config.fineTuning.kind !== 'classification') return layers
  return { ...layers, decoder: [classifierOf(sizeOf(layers.encoder.at(-1)!.map.out), classes)], outputHeads: [] }
}

/** What a training step of a stage takes, about. */
function stageWork(stage: PlannedStage, variant: string, config: Config, dataset: Dataset): Work {
  const trained = trainedIn(stage, variant, config, dataset)
  const { training, regularizer } = trained.config
  const classifies = trained.config.fineTuning.kind === 'classification'
  return stepWork(layersIn(trained), {
    batchSize: stage.batchSize,
    samples: typeof regularizer['samples'] === 'number' ? regularizer['samples'] : 1,
    parameters: countParameters(weightsOf(trained.variant, trained.config, trained.input, trained.classes)),
    slots: optimizerSlots[training.optimizer].length,
    extra: classifies ? {} : (trained.variant.work?.(regularizer as never) ?? {}),
  })
}

/** How long a run's parts would take on a usual machine. */
export function modelledTiming(
  variant: string,
  config: Config,
  dataset: Dataset,
  stages: readonly PlannedStage[],
  threads: number,
): Timing {
  const { fitOperations } = variantOf(variant)
  const rows = trainingRows(splitCounts(dataset))
  return {
    stages: stages.map((stage) => ({
      step: usual.step + secondsOf(stageWork(stage, variant, config, dataset), threads),
      row: secondsOf(rowWork(layersIn(trainedIn(stage, variant, config, dataset))), threads),
    })),
    fit: fitOperations ? secondsOf({ operations: fitOperations(rows, sizeOf(dataset), config), bytes: 0 }, threads) : 0,
    start,
  }
}

/** And its evaluation: test samples through the network, the derivative of the code at some of them, codes that are compared. */
export function modelledEvaluation(variant: string, config: Config, dataset: Dataset, threads: number): number {
  const definition = variantOf(variant)
  const layers = layersOfVariant(definition, config, dataset)
  const { testCount } = dataset,
    rows = trainingRows(splitCounts(dataset))
  const each = rowWork(layers),
    units = sizeOf(layers.encoder.at(-1)!.map.out)
  const { operations, values } = derivativesOf(layers.encoder, 'exact')
  const derived = 1.5 * Math.min(derivativeSamples, testCount)
  const neighbours = 2 * units * testCount * rows
  const draws = definition.likelihood ? likelihoodSamples * Math.min(likelihoodImages, testCount) : 0
  const passes = draws / 2 + evaluatedPasses * testCount + rows
  return (
    evaluationStart +
    secondsOf(
      {
        operations: passes * each.operations + derived * operations + neighbours,
        bytes: passes * each.bytes + 8 * derived * values,
      },
      threads,
    )
  )
}
