import type { OnnxAttribute } from './onnxModel.ts'
import { flipped, transposed, type Values } from './order.ts'
import type { OperationTranslator } from './translator.ts'

/**
 * Operations on images in ONNX. TensorFlow's images are [N, H, W, C] and ONNX's [N, C, H, W]: each of them stands between two
 * transpositions here, of which arrange.ts leaves those that are needed. Pads and sizes are written out, since runtimes differ in
 * what they make of a padding that is only named.
 */

const toPlanes = [0, 3, 1, 2],
  toPixels = [0, 2, 3, 1]
const ints = (...value: number[]): OnnxAttribute => ({ kind: 'ints', value })
const perm = (value: number[]) => ({ perm: ints(...value) })

/** The image that an input is, planes first: the id of the value. */
function planes(t: OperationTranslator, index: number): string {
  const shape = t.shape(index)
  return t.step(
    'Transpose',
    [t.operand(index)],
    toPlanes.map((axis) => shape[axis]!),
    perm(toPlanes),
  )
}

/** Writes a node on planes that has the operation's output. */
function onPlanes(t: OperationTranslator, op: string, inputs: string[], attributes: Record<string, OnnxAttribute>): void {
  const shape = t.outputShape()
  const planes = t.step(
    op,
    inputs,
    toPlanes.map((axis) => shape[axis]!),
    attributes,
  )
  t.emit('Transpose', [planes], perm(toPixels))
}

/** One axis of a convolution from `large` to `small`; with padding as TensorFlow counts it, the odd one at the end. */
interface Axis {
  large: number
  small: number
  kernel: number
  stride: number
  dilation: number
  begin: number
  end: number
}

/**
 * Height and width of a convolution.
 * @param large
 * @param small [N, H, W, C]
 * @param kernel index of its kernel [kh, kw, in, out]
 */
function axesOf(t: OperationTranslator, large: readonly unknown[], small: readonly unknown[], kernel: number): [Axis, Axis] {
  const padding = t.text('padding')
  if (t.text('data_format') !== 'NHWC') throw t.unsupported(`its images are ${t.text('data_format')}`)
  if (padding !== 'SAME' && padding !== 'VALID') throw t.unsupported(`its padding is ${padding}`)
  const axis = (at: 1 | 2): Axis => {
    const [from, to] = [Number(large[at]), Number(small[at])]
    const size = Number(t.shape(kernel)[at - 1])
    const stride = t.list('strides')[at] ?? 1,
      dilation = t.list('dilations')[at] ?? 1
    const total = padding === 'VALID' ? 0 : Math.max((to - 1) * stride + (size - 1) * dilation + 1 - from, 0)
    const begin = Math.floor(total / 2)
    return { large: from, small: to, kernel: size, stride, dilation, begin, end: total - begin }
  }
  return [axis(1), axis(2)]
}

function attributesOf(axes: [Axis, Axis], pads: (axis: Axis) => [number, number], strides = true): Record<string, OnnxAttribute> {
  const [[top, bottom], [left, right]] = axes.map(pads) as [[number, number], [number, number]]
  return {
    kernel_shape: ints(...axes.map(({ kernel }) => kernel)),
    ...(strides ? { strides: ints(...axes.map(({ stride }) => stride)) } : {}),
    ...(axes.some(({ dilation }) => dilation > 1) ? { dilations: ints(...axes.map(({ dilation }) => dilation)) } : {}),
    pads: ints(top, left, bottom, right),
  }
}

/** [kh, kw, in, out] as [out, in, kh, kw] */
const filtersFirst = (kernel: Values): Values => transposed(kernel, [3, 2, 0, 1])
/** [kh, kw, in, out] as [in, out, kh, kw], turned by 180 degrees: going back with stride 1 is a convolution with it. */
const turned = (kernel: Values): Values => flipped(transposed(kernel, [2, 3, 0, 1]), [2, 3])

export function conv(t: OperationTranslator): void {
  const axes = axesOf(t, t.shape(0), t.outputShape(), 1)
  const kernel = t.ordered(1, 'filters first', filtersFirst)
  onPlanes(
    t,
    'Conv',
    [planes(t, 0), kernel],
    attributesOf(axes, ({ begin, end }) => [begin, end]),
  )
}

/**
 * The gradient of a convolution by its input is a transposed one. With stride 1 it is a convolution again, which runtimes do
 * faster; but for a tied decoder, which would need a second kernel for that.
 */
export function convBack(t: OperationTranslator): void {
  const axes = axesOf(t, t.outputShape(), t.shape(2), 1)
  if (axes.every(({ stride }) => stride === 1) && !t.hasOrdered(1, 'filters first')) {
    const reach = ({ kernel, dilation }: Axis) => (kernel - 1) * dilation
    return onPlanes(
      t,
      'Conv',
      [planes(t, 2), t.ordered(1, 'turned', turned)],
      attributesOf(axes, (axis) => [reach(axis) - axis.begin, reach(axis) - axis.end]),
    )
  }
  const left = ({ large, small, kernel, stride, dilation, begin, end }: Axis) =>
    large - ((small - 1) * stride + (kernel - 1) * dilation + 1 - begin - end)
  onPlanes(t, 'ConvTranspose', [planes(t, 2), t.ordered(1, 'filters first', filtersFirst)], {
    ...attributesOf(axes, ({ begin, end }) => [begin, end]),
    ...(axes.some((axis) => left(axis) > 0) ? { output_padding: ints(...axes.map(left)) } : {}),
  })
}

/** Which pixel TensorFlow takes for each of a side that is `to` long. */
const nearest = (from: number, to: number): number[] => {
  const step = Math.fround(from / to)
  return Array.from({ length: to }, (_, at) => Math.min(Math.floor(Math.fround(at * step)), from - 1))
}

/**
 * The factor of a `Resize` that takes the same pixels, by arithmetic in single and in double precision; null where rounding could
 * take others: sizes are floor(from x factor), pixels floor(at / factor).
 */
function resizeFactor(from: number, to: number): number | null {
  const factor = Math.fround(to / from)
  const pixels = nearest(from, to)
  const near = [factor, Math.fround(factor * (1 + 2 ** -23)), Math.fround(factor * (1 - 2 ** -24))]
  const right = (each: number, round: (value: number) => number) =>
    Math.floor(round(from * each)) === to && pixels.every((pixel, at) => Math.floor(round(at / each)) === pixel)
  return near.find((each) => right(each, Math.fround) && right(each, (value) => value)) ?? null
}

export function resizeNearest(t: OperationTranslator): void {
  if (t.flag('align_corners') || t.flag('half_pixel_centers')) throw t.unsupported('its pixels are aligned in another way')
  const [from, to] = [t.shape(0), t.outputShape()]
  const sides = [1, 2].map((axis) => ({ from: Number(from[axis]), to: Number(to[axis]) }))
  if (sides.every((side) => side.from === side.to)) return t.alias(0)
  const factors = sides.map((side) => resizeFactor(side.from, side.to))
  if (factors.every((factor) => factor !== null)) {
    const string = (value: string): OnnxAttribute => ({ kind: 'string', value })
    return onPlanes(t, 'Resize', [planes(t, 0), '', t.reals('scales', [1, 1, ...factors])], {
      mode: string('nearest'),
      coordinate_transformation_mode: string('asymmetric'),
      nearest_mode: string('floor'),
    })
  }
  const [rows, columns] = sides.map((side) => t.vector('pixels', nearest(side.from, side.to))) as [string, string]
  const image = planes(t, 0)
  const tall = t.step('Gather', [image, rows], [from[0]!, from[3]!, to[1]!, from[2]!], { axis: { kind: 'int', value: 2 } })
  onPlanes(t, 'Gather', [tall, columns], { axis: { kind: 'int', value: 3 } })
}
