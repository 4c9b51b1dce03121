import type { Tensor2D } from '@tensorflow/tfjs-node'
import { sizeOf, vectorOf, type Shape } from '../../../../shared/shape.ts'
import type { LayerKind, LinearMap } from '../layer.ts'

/** Every output reads every input: x W, with a kernel [inputs, outputs]. */
export function dense(input: Shape, output: Shape): LinearMap {
  const inputs = sizeOf(input),
    outputs = sizeOf(output)
  return {
    kind: 'dense',
    in: input,
    out: output,
    kernel: [inputs, outputs],
    operations: 2 * inputs * outputs,
    fan: { in: inputs, out: outputs },
    biases: { in: inputs, out: outputs },
    filter: input,
    apply: (x, kernel, { product2d }) => product2d(x, kernel as Tensor2D),
    back: (y, kernel, { product2d }) => product2d(y, kernel as Tensor2D, false, true),
    matrix: (kernel) => kernel as Tensor2D,
    mirror: () => ({ map: dense(output, input), adjoint: false, kernelOf: (kernel) => transposed(kernel, outputs) }),
    pruned: {
      outputs: ({ kernel, bias }, kept) => ({ kernel: columnsOf(kernel, outputs, kept), bias: columnsOf(bias, outputs, kept) }),
      inputs({ kernel, bias }, constants) {
        const row = (unit: number) => kernel.subarray(unit * outputs, (unit + 1) * outputs)
        const shifted = Float64Array.from(bias)
        for (const [unit, constant] of constants)
          row(unit).forEach((weight, output) => {
            shifted[output]! += constant * weight
          })
        const kept = Array.from({ length: inputs }, (_, unit) => unit).filter((unit) => !constants.has(unit))
        const rows = new Float32Array(kept.length * outputs)
        kept.forEach((unit, at) => rows.set(row(unit), at * outputs))
        return { kernel: rows, bias: Float32Array.from(shifted) }
      },
      addSquares: (kernel, sums) =>
        kernel.forEach((value, at) => {
          sums[Math.floor(at / outputs)]! += value * value
        }),
    },
  }
}

/** Some columns of a matrix [rows, columns]; of a vector some values. */
function columnsOf(values: Float32Array, columns: number, kept: readonly number[]): Float32Array {
  const rows = values.length / columns
  return Float32Array.from(
    { length: rows * kept.length },
    (_, at) => values[Math.floor(at / kept.length) * columns + kept[at % kept.length]!]!,
  )
}

/** [rows, columns] -> [columns, rows] */
function transposed(kernel: Float32Array, columns: number): Float32Array {
  const rows = kernel.length / columns
  const result = new Float32Array(kernel.length)
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) result[column * rows + row] = kernel[row * columns + column]!
  return result
}

/** Of the sizes in `network.layers`; they are what the layers before them, if any, end in. */
export const denseLayers: LayerKind = {
  prefix: '',
  mapsOf: ({ layers }, input) =>
    layers.map((units, index) => dense(index === 0 ? input : vectorOf(layers[index - 1]!), vectorOf(units))),
  onnx: { Gemm: { rank: 2, filterAxis: 1 }, MatMul: { rank: 2, filterAxis: 1 } },
}
