import { sizeOf } from '../../../shared/shape.ts'
import { valuesBetween, type Layer, type LinearMap } from './layer.ts'
import type { Layers } from './weights.ts'

/** How much there is to compute, whatever the machine: floating point operations, and bytes that are read or written. */
export interface Work {
  operations: number
  bytes: number
}

/** Work of a step that the network's layers do not tell of. */
export interface ExtraWork {
  /** Rows of derivatives that go back through the encoder; `exact`: one for each code unit. */
  derivatives?: number | 'exact'
  /** Further ways through encoder and decoder, without their gradient. */
  passes?: number
}

const float = 4
/** Forwards, and for the gradients by the inputs and by the kernel. */
const forwardsAndBack = 3
/** How often a training step touches the values of a layer, of a weight, and of a weight's slot in the optimizer. */
const touches = { value: 4, weight: 6, slot: 2 }

const operationsOf = (layers: readonly Layer[]): number => layers.reduce((sum, { map }) => sum + map.operations, 0)
const valuesOf = (layers: readonly Layer[]): number =>
  layers.reduce((sum, layer) => sum + sizeOf(layer.adjoint ? layer.map.in : layer.map.out) + valuesBetween(layer), 0)

/** Whether a map is a product with a matrix, of which closed forms are made. */
const isMatrix = ({ kernel }: LinearMap): boolean => kernel.length === 2

/**
 * Rows of derivatives of one image that go back through an encoder: how many, what that computes without its gradient, and what
 * it keeps; as network/jacobian.ts goes.
 */
export function derivativesOf(encoder: readonly Layer[], wanted: ExtraWork['derivatives'] = 0) {
  const maps = encoder.map(({ map }) => map),
    first = maps[0]!
  const rows = wanted === 'exact' ? sizeOf(maps.at(-1)!.out) : wanted
  const through = (passed: readonly LinearMap[]) => ({
    operations: rows * passed.reduce((sum, { operations }) => sum + operations, 0),
    values: rows * passed.reduce((sum, map) => sum + sizeOf(map.in), 0),
  })
  if (wanted !== 'exact') return { ...through(maps), ofKernel: 0 }
  // One layer has a closed form; of more the last one's rows are its kernel's.
  if (maps.length === 1) return { operations: 0, values: 0, ofKernel: 0 }
  const between = through(maps.slice(1, -1)),
    outputs = rows * sizeOf(maps.at(-1)!.in)
  const inputs = sizeOf(first.in),
    units = sizeOf(first.out)
  if (!isMatrix(first) || 3 * inputs < 2 * units) {
    const back = through([first])
    return { operations: between.operations + back.operations, values: outputs + between.values + back.values, ofKernel: 0 }
  }
  const gram = 2 * units ** 2
  return { operations: between.operations + rows * gram, values: outputs + between.values + rows * units, ofKernel: inputs * gram }
}

/** What one row takes through a network, there and back again, without gradients. */
export const rowWork = ({ encoder, codeHeads, decoder, outputHeads }: Layers): Work => {
  const all = [...encoder, ...codeHeads, ...decoder, ...outputHeads]
  return { operations: operationsOf(all), bytes: 2 * float * valuesOf(all) }
}

/**
 * What a training step takes, about: every layer forwards and back, the decoder once for each sample of the code, what a variant
 * computes beside it, and the optimizer's update.
 * @param slots of the optimizer, for each weight
 */
export function stepWork(
  { encoder, codeHeads, decoder, outputHeads }: Layers,
  {
    batchSize,
    samples,
    parameters,
    slots,
    extra,
  }: { batchSize: number; samples: number; parameters: number; slots: number; extra: ExtraWork },
): Work {
  const coding = [...encoder, ...codeHeads],
    decoding = [...decoder, ...outputHeads]
  const once = operationsOf(coding) + samples * operationsOf(decoding)
  const derivatives = derivativesOf(encoder, extra.derivatives)
  const operations =
    batchSize * (forwardsAndBack * (once + derivatives.operations) + (extra.passes ?? 0) * once) +
    forwardsAndBack * derivatives.ofKernel
  const values = batchSize * (valuesOf(coding) + samples * valuesOf(decoding) + derivatives.values)
  return { operations, bytes: float * (touches.value * values + parameters * (touches.weight + touches.slot * slots)) }
}
