import { random } from '../data/random.ts'
import type { WeightSpec } from './layer.ts'

/**
 * Initial values of a weight: standard normal draws that depend on (seed, name, shape) only, times the initialiser's scale, so that
 * runs of one seed share the beginnings of the layers that they have in common, whatever else they contain. Box and Muller 1958.
 */
export function initialValues(spec: WeightSpec, seed: number): Float32Array {
  const values = new Float32Array(spec.shape.reduce((product, size) => product * size, 1)).fill(spec.initial ?? 0)
  if (spec.scale === 0) return values
  const source = random(`weights ${spec.name}`, seed, ...spec.shape)
  for (let i = 0; i < values.length; i += 2) {
    // (0, 1]: the logarithm of 0 must not happen.
    const radius = Math.sqrt(-2 * Math.log((source.next() + 1) / 2 ** 32))
    const angle = 2 * Math.PI * (source.next() / 2 ** 32)
    values[i] = radius * Math.cos(angle) * spec.scale
    if (i + 1 < values.length) values[i + 1] = radius * Math.sin(angle) * spec.scale
  }
  return values
}
