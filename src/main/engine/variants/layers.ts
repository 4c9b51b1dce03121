import { convolutionText } from '../../../shared/convolutions.ts'
import { dataSchema, type Activation, type Config, type NetworkConfig } from '../../../shared/config.ts'
import { sizeOf, vectorOf, type Shape } from '../../../shared/shape.ts'
import { counted } from '../../../shared/words.ts'
import { layersOf } from '../network/weights.ts'
import { variantOf, variants } from './registry.ts'
import { fixedOf, type Facts, type LayerPlace, type Problem, type Variant } from './variant.ts'

/** Variants whose networks can be made of pretrained layers, and fine-tuned. */
export const takesPretraining = (variant: Variant): boolean =>
  Boolean(variant.objective) && !variant.likelihood && !variant.singleLayer

/**
 * Variants that can pretrain the layers of a variant's networks, each as an autoencoder by itself: what they train is what the deep
 * network then computes, so one that determines an activation fits only where the network may have it.
 */
export const layerVariantsOf = (whole: Variant): string[] =>
  variants.filter((variant) => takesPretraining(variant) && !variant.gate && agree(whole, variant)).map(({ id }) => id)

/** What a variant determines of its network, its own settings at their defaults. */
export const determined = (variant: Variant): Partial<NetworkConfig> => fixedOf(variant, variant.settings.parse({})).network ?? {}

function agree(whole: Variant, layers: Variant): boolean {
  const ofWhole = determined(whole),
    ofLayers = layers.asLayer ? {} : determined(layers)
  const same = (a?: Activation, b?: Activation) => a === undefined || b === undefined || a === b
  return (
    same(ofWhole.codeActivation, ofLayers.codeActivation) &&
    same(ofWhole.activation, ofLayers.codeActivation) &&
    same(ofWhole.outputActivation, ofLayers.outputActivation)
  )
}

/** The variant of `pretraining.kind=rbm`. */
const boltzmann = 'rbm'

/** By what the layers of a network are pretrained. */
export const layerVariantOf = ({ pretraining }: { pretraining: Pick<Config['pretraining'], 'kind' | 'variant'> }): Variant =>
  variantOf(pretraining.kind === 'rbm' ? boltzmann : pretraining.variant)

/** Layers of an encoder, convolutions first: so they are counted wherever one is named by its number. */
const depthOf = ({ convolutions, layers }: NetworkConfig): number => convolutions.length + layers.length

/** Some layers of an encoder, from one to before another. */
const someLayers = (
  { convolutions, layers }: NetworkConfig,
  from: number,
  to: number,
): Pick<NetworkConfig, 'convolutions' | 'layers'> => ({
  convolutions: convolutions.slice(from, to),
  layers: layers.slice(Math.max(0, from - convolutions.length), Math.max(0, to - convolutions.length)),
})

/** Activation of an encoder layer. */
const activationOf = ({ network }: Pick<Config, 'network'>, layer: number): Activation =>
  layer === depthOf(network) - 1 ? network.codeActivation : network.activation

/** Where a layer stands in its network. */
export const placeOf = (config: Pick<Config, 'network'>, layer: number): LayerPlace => ({
  inputActivation: layer === 0 ? null : activationOf(config, layer - 1),
  activation: activationOf(config, layer),
})

/**
 * The config of the small autoencoder that pretrains one layer. Its code has the layer's activation, its output that of its
 * inputs; codes of sigmoid layers are reconstructed as the data are, others by the squared error.
 */
export function layerConfig(config: Config, layer: number): Config {
  const { pretraining, network } = config
  const variant = layerVariantOf(config)
  const place = placeOf(config, layer)
  const { regularizer = {}, learningRateFactor = 1 } = variant.asLayer?.(place, pretraining.regularizer as never) ?? {}
  const settings = { ...pretraining.regularizer, ...regularizer }
  const fixed = fixedOf(variant, settings)
  return {
    network: {
      ...network,
      ...someLayers(network, layer, layer + 1),
      codeActivation: place.activation,
      outputActivation: place.inputActivation ?? network.outputActivation,
      tied: pretraining.tied,
      weightNorm: false,
      ...fixed.network,
    },
    reconstruction:
      fixed.reconstruction ??
      (place.inputActivation === null || place.inputActivation === 'sigmoid' ? config.reconstruction : 'squaredError'),
    training: {
      ...config.training,
      epochs: pretraining.epochs,
      batchSize: pretraining.batchSize,
      learningRate: pretraining.learningRate * learningRateFactor,
      weightDecay: pretraining.weightDecay,
      schedule: 'constant',
      warmupEpochs: 0,
      patience: 0,
      keep: 'last',
      ...fixed.training,
    },
    regularizer: settings,
    data: layer === 0 ? config.data : dataSchema.parse({}),
    pretraining: { ...pretraining, kind: 'none' },
    fineTuning: { kind: 'reconstruction', labelled: 0 },
  }
}

/** The unrolled network before it is fine-tuned: an autoencoder, whatever it is fine-tuned for. @param depth of its first layers only */
export const stackConfig = (config: Config, depth = depthOf(config.network)): Config => ({
  ...config,
  network: {
    ...config.network,
    tied: false,
    ...someLayers(config.network, 0, depth),
    codeActivation: activationOf(config, depth - 1),
  },
  fineTuning: { kind: 'reconstruction', labelled: 0 },
})

/** What is wrong with the layers of a network that is to be pretrained, by the fields that are to be changed. */
export function checkLayers(config: Config, facts: Facts): Problem[] {
  const variant = layerVariantOf(config)
  const { network } = config
  if (variant.machine && network.convolutions.length > 0)
    return [
      {
        field: 'network.convolutions',
        message: 'Boltzmann machines pretrain dense layers only; set network.convolutions to none or pretraining.kind to greedy.',
      },
    ]
  if (network.weightNorm)
    return [
      {
        field: 'network.weightNorm',
        message: 'Pretrained layers are unrolled as they are, which normalised weights would undo; turn network.weightNorm off.',
      },
    ]
  if (network.tied && layerConfig(config, 0).network.tied === false) {
    return [
      {
        field: 'network.tied',
        message:
          'Layers that are pretrained untied bring decoders of their own, which tied ' +
          'weights would drop; set network.tied to false or pretraining.tied to true.',
      },
    ]
  }
  const depth = depthOf(network),
    inputs = inputsOf(network, facts)
  for (let layer = 0; layer < depth; layer++) {
    const innerConfig = layerConfig(config, layer)
    const { activation, inputActivation } = placeOf(config, layer)
    const field = layer === depth - 1 ? 'network.codeActivation' : 'network.activation'
    const { rowSize: _, size: __, ...known } = facts
    const inner: Facts = {
      ...known,
      ...(inputs ? { rowSize: sizeOf(inputs[layer]!), size: inputs[layer]! } : {}),
      kind: layer === 0 ? (facts.kind ?? 'image') : inputActivation === 'sigmoid' ? 'image' : 'vector',
    }
    const [problem] = variant.check?.(innerConfig, inner) ?? []
    if (problem) return [{ field: inField(problem.field, field), message: inWords(problem.message, field, nameOf(network, layer)) }]
    if (innerConfig.network.codeActivation !== activation) {
      return [
        { field, message: `${variant.title} has no ${activation} units; set ${field} to ${innerConfig.network.codeActivation}.` },
      ]
    }
    const output = inputActivation ?? network.outputActivation
    if (innerConfig.network.outputActivation !== output) {
      const at = layer === 0 ? 'network.outputActivation' : 'network.activation'
      const measure =
        layer === 0 && config.reconstruction === 'crossEntropy' && innerConfig.network.outputActivation !== 'sigmoid'
          ? ' and reconstruction to squaredError'
          : ''
      return [
        {
          field: at,
          message:
            `${variant.title} gives ${innerConfig.network.outputActivation} outputs with these settings, and ` +
            `the network has ${output} ones; set ${at} to ${innerConfig.network.outputActivation}${measure}.`,
        },
      ]
    }
  }
  return []
}

/** What each layer of an encoder reads; null where that is not known. */
function inputsOf(network: NetworkConfig, { size, rowSize }: Facts): Shape[] | null {
  const input = size ?? (rowSize === undefined || network.convolutions.length > 0 ? null : vectorOf(rowSize))
  return input && layersOf(network, input).encoder.map(({ map }) => map.in)
}

const nameOf = ({ convolutions, layers }: NetworkConfig, layer: number): string =>
  layer < convolutions.length
    ? `Convolution ${convolutionText(convolutions[layer]!)}`
    : `Layer of ${counted(layers[layer - convolutions.length]!, 'unit')}`

const inField = (field: string, activation: string): string =>
  field.startsWith('regularizer.') ? `pretraining.${field}` : field === 'network.codeActivation' ? activation : field
const inWords = (message: string, activation: string, layer: string): string =>
  `${layer}: ` +
  `${message.replace(/\bregularizer\./g, 'pretraining.regularizer.').replaceAll('network.codeActivation', activation)}`
