import { convolvedShape, type Convolution } from '../../../../shared/convolutions.ts'
import { sizeOf, type Shape } from '../../../../shared/shape.ts'
import type { LayerKind, LinearMap } from '../layer.ts'
import type { Geometry } from '../space.ts'

/** One kernel [kh, kw, in, filters] at every place of an image, `stride` pixels apart; padding is SAME as TensorFlow counts it. */
function convolution(input: Shape, { filters, kernel: side, stride }: Convolution): LinearMap {
  const output = convolvedShape(input, { filters, kernel: side, stride })
  const kernel = [side, side, input.channels, filters]
  const geometry = { in: input, out: output, kernel, stride }
  const map: LinearMap = {
    kind: 'convolution',
    in: input,
    out: output,
    kernel,
    stride,
    operations: 2 * side * side * input.channels * sizeOf(output),
    fan: { in: side * side * input.channels, out: side * side * filters },
    biases: { in: input.channels, out: filters },
    filter: { height: side, width: side, channels: input.channels },
    apply: (x, kernel, { convolved }) => convolved(x, kernel, geometry),
    back: (y, kernel, { convolvedBack }) => convolvedBack(y, kernel, geometry),
    matrix: () => null,
    squaredNorms: (kernel, { ones, convolved }) => convolved(ones(sizeOf(input)), kernel.square(), geometry).squeeze([0]),
    mirror: (upsampling) => ({
      map: upsampling === 'resize' ? resizing(map, geometry) : map,
      adjoint: true,
      kernelOf: (kernel) => kernel,
    }),
  }
  return map
}

/**
 * What a decoder goes back through instead, so that no checkerboards come of it (Odena, Dumoulin and Olah 2016): the convolution at
 * every place of the image, stride 1, and of its maps the sum over all values that nearest neighbours make of one. Its adjoint
 * enlarges the maps to the image's sides and then convolves them.
 */
function resizing(map: LinearMap, { in: image, out: small, kernel }: Pick<Geometry, 'in' | 'out' | 'kernel'>): LinearMap {
  const large = { ...image, channels: small.channels }
  const geometry = { in: image, out: large, kernel, stride: 1 }
  const { squaredNorms: _, ...same } = map
  const resized: LinearMap = {
    ...same,
    kind: 'resized convolution',
    operations: 2 * kernel[0]! * kernel[1]! * image.channels * sizeOf(large),
    stride: 1,
    enlarges: true,
    apply: (x, kernel, { convolved, enlargedBack }) => enlargedBack(convolved(x, kernel, geometry), small, large),
    back: (y, kernel, { convolvedBack, enlarged }) => convolvedBack(enlarged(y, small, large), kernel, geometry),
    mirror: () => ({ map: resized, adjoint: true, kernelOf: (kernel) => kernel }),
  }
  return resized
}

/** Of `network.convolutions`: each reads what the one before gives, the first one the image. */
export const convolutions: LayerKind = {
  prefix: 'conv',
  mapsOf: ({ convolutions }, input) =>
    convolutions.reduce<LinearMap[]>((maps, each) => [...maps, convolution(maps.at(-1)?.out ?? input, each)], []),
  // Also of a transposed one: of a kernel [filters, channels, height, width] it is the filters that go back.
  onnx: { Conv: { rank: 4, filterAxis: 0 }, ConvTranspose: { rank: 4, filterAxis: 0 } },
}
