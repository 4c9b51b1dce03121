import { comparedBytes as sizeText } from '../../../shared/amounts.ts'
import type { Config } from '../../../shared/config.ts'
import { sizeOf, type Shape } from '../../../shared/shape.ts'
import { counted, thousands } from '../../../shared/words.ts'
import { valuesBetween } from '../network/layer.ts'
import { layersOf } from '../network/weights.ts'
import { derivativesOf } from '../network/work.ts'
import { optimizerSlots } from './slots.ts'
import type { Problem, Variant } from './variant.ts'

/** Bytes of a float32. */
const size = 4

/** What a process takes that trains, beside its network: TensorFlow and the program. */
export const processBytes = 300e6

/** Weights with their gradients and the optimizer's slots, and what a batch's size is multiplied by, in bytes. */
function partsOf(
  { work }: Pick<Variant, 'work'>,
  { network, training, regularizer, fineTuning }: Config,
  input: Shape,
  parameters: number,
) {
  const { encoder: layers, decoder: mirror } = layersOf(network, input)
  const encoder = layers.reduce((sum, { map }) => sum + sizeOf(map.out), sizeOf(input))
  const classifies = fineTuning.kind === 'classification'
  const decoder = classifies ? 0 : mirror.reduce((sum, layer) => sum + valuesBetween(layer), encoder)
  const derivatives = classifies ? 0 : derivativesOf(layers, work?.(regularizer as never).derivatives).values
  const samples = typeof regularizer['samples'] === 'number' ? regularizer['samples'] : 1
  return {
    weights: size * parameters * (2 + optimizerSlots[training.optimizer].length),
    sample: size * 2 * (encoder + samples * decoder + derivatives),
  }
}

/**
 * What a trainer's network occupies, in bytes, about: weights, their gradients and the optimizer's slots; and of a batch every
 * layer's activations and the maps that a decoder enlarges, once forwards and once backwards, for each sample where a variant
 * draws several, and the derivatives that go back where it has such. Not counted: the dataset, TensorFlow itself, and what a
 * single variant computes beside this.
 */
export function memoryOf(variant: Pick<Variant, 'work'>, config: Config, input: Shape, parameters: number): number {
  const { weights, sample } = partsOf(variant, config, input, parameters)
  return weights + config.training.batchSize * sample
}

/**
 * Why a network cannot be trained in so much memory, though not a byte were used for anything else; empty where it may be.
 * @param memory of the machine, in bytes
 */
export function memoryProblems(variant: Variant, config: Config, input: Shape, parameters: number, memory: number): Problem[] {
  const { weights, sample } = partsOf(variant, config, input, parameters)
  const { batchSize } = config.training
  const needed = variant.fit ? size * parameters : weights + batchSize * sample
  if (needed <= memory) return []
  const has = `and this machine has ${sizeText(memory)}`
  const most = Math.floor((memory - weights) / sample)
  if (!variant.fit && most >= 1 && weights < memory / 2)
    return [
      {
        field: 'training.batchSize',
        message:
          `A step of ${thousands(batchSize)} through this network takes about ${sizeText(needed)} of memory, ${has}; ` +
          `set training.batchSize to at most ${thousands(most)}, or take a smaller network.`,
      },
    ]
  const convolved = config.network.convolutions.length > 0
  return [
    {
      field: convolved ? 'network.convolutions' : 'network.layers',
      message:
        `This network has ${counted(parameters, 'parameter')}, whose training takes about ${sizeText(needed)} of memory, ${has}; ` +
        (convolved
          ? 'take fewer filters, smaller kernels or larger strides in network.convolutions, or smaller network.layers.'
          : 'take smaller network.layers.'),
    },
  ]
}
