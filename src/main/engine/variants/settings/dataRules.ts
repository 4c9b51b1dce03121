import { augmentationProblem, readAugmentation } from '../../../../shared/augmentation.ts'
import type { Config } from '../../../../shared/config.ts'
import { pyramidOf } from '../../../../shared/convolutions.ts'
import { activationRange } from '../../network/activation.ts'
import { layerVariantOf } from '../layers.ts'
import { fixedOf, type Facts, type Problem, type Variant } from '../variant.ts'

/** What is wrong with a config for data of this kind. */
export function dataProblems(config: Config, facts: Facts, variant: Variant): Problem[] {
  return [
    ...reconstructionRules(config, facts, variant),
    ...binarisingRules(config, facts),
    ...augmentationRules(config, facts),
    ...standardisingRules(config, facts, variant),
    ...convolutionRules(config, facts),
  ]
}

/** What networks cannot reconstruct of data that leave [0, 1], because their outputs do not reach so far. */
export function rangeWarnings({ network, fineTuning, pretraining }: Config, { kind }: Facts, variant: Variant): string[] {
  const [low, high] = activationRange[network.outputActivation]
  const rebuilds = fineTuning.kind !== 'classification' || pretraining.kind !== 'none'
  if (kind !== 'vector' || !rebuilds || variant.fit || (low === -Infinity && high === Infinity)) return []
  const ends = Number.isFinite(high) ? `between ${low} and ${high}` : `above ${low}`
  return [
    `Outputs of ${network.outputActivation} lie ${ends}, and this dataset has values outside [0, 1], negative ones among them where they ` +
      'are standardised: none beyond that is reconstructed; set network.outputActivation to linear.',
  ]
}

/** Why a network with these settings cannot have been trained on data of this kind, however many there are; empty where it can. */
export function dataMismatches(config: Config, { kind, size, rowSize }: Facts, variant: Variant): Problem[] {
  const facts: Facts = { ...(kind ? { kind } : {}), ...(size ? { size } : {}), ...(rowSize === undefined ? {} : { rowSize }) }
  const problems = dataProblems(config, facts, variant)
  return config.fineTuning.kind === 'classification'
    ? problems.filter(({ field }) => field !== 'reconstruction')
    : [...problems, ...(variant.check?.(config, facts) ?? [])]
}

function reconstructionRules(config: Config, { kind }: Facts, variant: Variant): Problem[] {
  // A variant that determines how it reconstructs, by a likelihood or otherwise, has rules of its own.
  if (config.reconstruction !== 'crossEntropy' || fixedOf(variant, config.regularizer).reconstruction) return []
  const refused = (message: string): Problem[] => [{ field: 'reconstruction', message }]
  if (kind === 'vector')
    return refused(
      'This dataset has values outside [0, 1], for which cross-entropy has no meaning; set reconstruction to squaredError.',
    )
  return config.network.outputActivation === 'sigmoid'
    ? []
    : refused('Cross-entropy needs outputs in [0, 1]; set network.outputActivation to sigmoid or reconstruction to squaredError.')
}

const binarisingRules = ({ data }: Config, { kind }: Facts): Problem[] =>
  data.binarise !== 'none' && kind === 'vector'
    ? [
        {
          field: 'data.binarise',
          message: 'This dataset has values outside [0, 1], which are not probabilities of a pixel; set data.binarise to none.',
        },
      ]
    : []

/** What is wrong with changes of the training images; empty where nothing is. */
function augmentationRules({ data }: Config, { kind, size }: Facts): Problem[] {
  const field = 'data.augment'
  const wanted = readAugmentation(data.augment)
  if (typeof wanted === 'string') return [{ field, message: wanted }]
  if (data.augment === 'none') return []
  const refused = (message: string): Problem[] => [{ field, message }]
  if (kind === 'vector')
    return refused('This dataset has no images that could be mirrored, moved or cut; set data.augment to none.')
  if (data.binarise === 'fixed' && (wanted.crop < 1 || wanted.brightness > 0)) {
    const remedy = 'set data.binarise to dynamic, or leave them out of data.augment'
    return refused(`Crop and brightness make gray of pixels that were drawn as 0 or 1 once; ${remedy}.`)
  }
  const message = size ? augmentationProblem(wanted, size) : null
  return message ? refused(message) : []
}

/** Why inputs cannot be standardised; empty where they can. */
function standardisingRules(config: Config, { kind }: Facts, variant: Variant): Problem[] {
  const field = 'data.standardise'
  if (config.data.standardise === 'none') return []
  if (kind === 'vector') {
    return [{ field, message: 'This dataset has no images whose channels could be standardised; set data.standardise to none.' }]
  }
  const machine = variant.machine ? variant : config.pretraining.kind === 'none' ? null : layerVariantOf(config)
  if (machine?.machine) {
    return [
      {
        field,
        message:
          `A ${machine.title} models the images themselves: it gives back what it reads, and standardised inputs are not the ` +
          'images; set data.standardise to none.',
      },
    ]
  }
  return []
}

/** What convolutions cannot be applied to these images; empty where they can. */
function convolutionRules({ network }: Config, { kind, size }: Facts): Problem[] {
  const field = 'network.convolutions'
  if (network.convolutions.length === 0) return []
  const refused = (message: string): Problem[] => [{ field, message }]
  if (kind === 'vector') return refused('This dataset has no images that could be convolved; set network.convolutions to none.')
  if (!size) return []
  const shapes = pyramidOf(network.convolutions, size)
  for (const [index, { kernel, stride }] of network.convolutions.entries()) {
    const { height, width } = shapes[index]!,
      shorter = Math.min(height, width)
    const reads = `Convolution ${index + 1} reads ${index === 0 ? 'images' : 'maps'} of ${width} x ${height} pixels`
    if (kernel > shorter)
      return refused(`${reads}, for which a kernel of ${kernel} is too large; give it one of at most ${shorter}, or leave it out.`)
    if (stride > shorter)
      return refused(`${reads}, of which a stride of ${stride} leaves nothing; give it one of at most ${shorter}, or leave it out.`)
  }
  return []
}
