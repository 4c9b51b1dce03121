import { convolvedShape, type Convolution } from '../../../../shared/convolutions.ts'
import { sizeOf, type Shape } from '../../../../shared/shape.ts'
import type { LayerKind, LinearMap } from '../layer.ts'

/** One kernel [kh, kw, in, filters] at every place of an image, `stride` pixels apart; padding is SAME as TensorFlow counts it. */
function convolution(input: Shape, { filters, kernel: side, stride }: Convolution): LinearMap {
  const output = convolvedShape(input, { filters, kernel: side, stride })
  const kernel = [side, side, input.channels, filters]
  const geometry = { in: input, out: output, kernel, stride }
  const map: LinearMap = {
    in: input,
    out: output,
    kernel,
    stride,
    fan: { in: side * side * input.channels, out: side * side * filters },
    biases: { in: input.channels, out: filters },
    filter: { height: side, width: side, channels: input.channels },
    apply: (x, kernel, { convolved }) => convolved(x, kernel, geometry),
    back: (y, kernel, { convolvedBack }) => convolvedBack(y, kernel, geometry),
    matrix: () => null,
    squaredNorms: (kernel, { ones, convolved }) => convolved(ones(sizeOf(input)), kernel.square(), geometry).squeeze([0]),
    mirror: () => ({ map, adjoint: true, kernelOf: (kernel) => kernel }),
  }
  return map
}

/** Of `network.convolutions`: each reads what the one before gives, the first one the image. */
export const convolutions: LayerKind = {
  prefix: 'conv',
  mapsOf: ({ convolutions }, input) =>
    convolutions.reduce<LinearMap[]>((maps, each) => [...maps, convolution(maps.at(-1)?.out ?? input, each)], []),
  // Also of a transposed one: of a kernel [filters, channels, height, width] it is the filters that go back.
  onnx: { Conv: { rank: 4, filterAxis: 0 }, ConvTranspose: { rank: 4, filterAxis: 0 } },
}
