import type { NetworkLayer } from '../../../shared/networkLayers.ts'
import { shapeText } from '../../../shared/networkSizes.ts'
import { sizeOf, type Shape } from '../../../shared/shape.ts'
import { count, counted } from '../../format.ts'

/** A line of the drawing: values that go through the network, and the layer that makes them. */
export interface PyramidLine {
  /** `encoder/conv0`; `input`. */
  name: string
  /** `32 x 32 x 32`, `64`. */
  size: string
  /** What it is, in words: `4 x 4 convolution, stride 2`. */
  operation: string
  /** Of the layer that makes it; empty for the input. */
  parameters: string
  /** From 0 to 1, how wide it is drawn. */
  width: number
  kind: 'map' | 'values' | 'code'
}

const isMap = ({ height, channels }: Shape): boolean => height > 1 || channels > 1
const sizeText = (shape: Shape): string => (isMap(shape) ? shapeText(shape) : count(sizeOf(shape)))

function operationOf({ kind, part, role, window }: NetworkLayer): string {
  const beside = role === 'head' ? ', a head beside it' : ''
  if (part === 'classifier') return 'classes, by a softmax layer'
  if (!window) return `${kind === 'dense' ? 'dense layer' : kind}${beside}`
  const back = part === 'decoder' && kind === 'convolution' ? 'transposed ' : ''
  const stride = window.stride > 1 ? `, stride ${window.stride}` : ''
  return `${window.width} x ${window.height} ${back}${kind}${stride}${beside}`
}

/** The network from its input to its output, line by line. Widths tell the sides of maps: the square root of how many places there are. */
export function pyramidLines(layers: readonly NetworkLayer[]): PyramidLine[] {
  const [first] = layers
  if (!first) return []
  const widthOf = (shape: Shape): number => Math.sqrt(shape.height * shape.width)
  const widest = Math.max(...[first.in, ...layers.map(({ out }) => out)].map(widthOf))
  const line = (name: string, shape: Shape, operation: string, parameters: string, isCode = false): PyramidLine => ({
    name,
    size: sizeText(shape),
    operation,
    parameters,
    width: widthOf(shape) / widest,
    kind: isCode ? 'code' : isMap(shape) ? 'map' : 'values',
  })
  return [
    line('input', first.in, 'input', ''),
    ...layers.map((layer) => {
      const isCode = layer.role === 'code'
      return line(layer.name, layer.out, `${isCode ? 'code, ' : ''}${operationOf(layer)}`, count(layer.parameters), isCode)
    }),
  ]
}

export const totalOf = (layers: readonly NetworkLayer[]): string =>
  counted(
    layers.reduce((sum, { parameters }) => sum + parameters, 0),
    'parameter',
  )
