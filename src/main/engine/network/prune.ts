import type { NetworkConfig } from '../../../shared/config.ts'
import { readersOf, usedKernel } from './readers.ts'
import { layersOf, weightSpecs, type Heads } from './weights.ts'

export interface Prunable {
  network: NetworkConfig
  heads: Heads | null
  /** Weights by their names; other ones among them are left out. */
  weights: Record<string, Float32Array>
}

/**
 * A network without some of its code units: neither the layers that make the code nor those that read it have them any more.
 * What the decoder made of a unit's mean, a constant, goes into the next biases, b <- b + mean_j W_j; so nothing changes where
 * a unit never leaves its mean, nor where the weights that read it are 0. Kernels that were normalised are stored as they were
 * used, for without a row another norm would come out.
 * @param removed units, of which some must be left
 * @param means of every code unit of the given network, [codeSize]
 */
export function withoutUnits(
  { network, heads, weights }: Prunable,
  removed: readonly number[],
  means: readonly number[],
): Pick<Prunable, 'network' | 'weights'> {
  const units = network.layers.at(-1)!
  const gone = new Set(removed)
  const kept = Array.from({ length: units }, (_, unit) => unit).filter((unit) => !gone.has(unit))
  const { encoder, codeHeads } = layersOf(network, heads)
  const inputSize = weights[encoder[0]!.kernel]!.length / network.layers[0]!
  const result: Record<string, Float32Array> = Object.fromEntries(
    weightSpecs(network, inputSize, heads).map(({ name, role, shape }) => [
      name,
      role === 'kernel' ? usedKernel(network, weights[name]!, shape[0]!) : weights[name]!,
    ]),
  )

  const makers = [encoder.at(-1)!, ...codeHeads].flatMap(({ kernel, bias }) => [kernel, bias])
  for (const name of makers) result[name] = columnsOf(result[name]!, units, kept)
  for (const { kernel, bias } of readersOf(network, heads)) {
    const values = result[kernel]!,
      outputs = values.length / units
    const row = (unit: number) => values.subarray(unit * outputs, (unit + 1) * outputs)
    const shifted = Float64Array.from(result[bias]!)
    for (const unit of gone)
      row(unit).forEach((weight, output) => {
        shifted[output]! += means[unit]! * weight
      })
    result[bias] = Float32Array.from(shifted)
    const rows = new Float32Array(kept.length * outputs)
    kept.forEach((unit, at) => rows.set(row(unit), at * outputs))
    result[kernel] = rows
  }
  return { network: { ...network, layers: [...network.layers.slice(0, -1), kept.length], weightNorm: false }, weights: result }
}

/** Some columns of a matrix [rows, columns]; of a vector some values. */
function columnsOf(values: Float32Array, columns: number, kept: readonly number[]): Float32Array {
  const rows = values.length / columns
  return Float32Array.from(
    { length: rows * kept.length },
    (_, at) => values[Math.floor(at / kept.length) * columns + kept[at % kept.length]!]!,
  )
}
