import { WorkbenchError } from '../../../shared/errors.ts'
import { batchDimension, type Dimension } from './onnxModel.ts'
import type { Opening } from './translate.ts'
import type { Draft, DraftNode } from './draft.ts'

/** Size and kind of a dataset's rows: width x height x channels values, row by row, channels last. */
export interface Geometry {
  width: number
  height: number
  channels: number
  kind: 'image' | 'vector'
  /** Of patches whose contrast the import normalised, in levels. */
  contrastLimit?: number
}

/** What the network's pixels were divided by when they were bytes. */
const pixelRange = 255

/**
 * The file begins with what the import and the training did to an image: bytes [N, height, width, channels], as reals in [0, 1],
 * flattened. Division, not multiplication with the reciprocal: it rounds correctly, so that every one of the 256 values is the
 * nearest float32 to the true quotient.
 */
export const pixelOpening =
  (geometry: Geometry): Opening =>
  (draft, input) => {
    const { width, height, channels } = geometry
    if (input.dtype !== 'float32' || input.shape.length !== 2 || input.shape[1] !== width * height * channels) {
      throw new WorkbenchError(
        'EXPORT_UNSUPPORTED',
        `The network takes ${input.dtype} [${input.shape.join(', ')}], which is not a flattened ` +
          `image of ${width} x ${height} with ${channels} channels; export with --input raw.`,
      )
    }
    const shape = [batchDimension, height, width, channels] as const
    const bytes = 'image'
    draft.node(
      'Cast',
      [bytes],
      [{ id: 'pixels as reals', dtype: 'float32', shape: [...shape] }],
      { to: { kind: 'int', value: 1 } },
      'pixels/float',
    )
    const real = (role: string, value: number) => draft.constant(role, 'float32', [], new Uint8Array(Float32Array.of(value).buffer))
    let pixels = 'pixels as reals'
    if (geometry.contrastLimit !== undefined)
      pixels = normalised(draft, pixels, [...shape], width * height * channels, geometry.contrastLimit, real)
    const range = draft.constant('range', 'float32', [], new Uint8Array(Float32Array.of(pixelRange).buffer))
    draft.node('Div', [pixels, range], [{ id: 'pixels scaled', dtype: 'float32', shape: [...shape] }], {}, 'pixels/scale')
    draft.node(
      'Flatten',
      ['pixels scaled'],
      [{ id: input.name, dtype: 'float32', shape: input.shape }],
      { axis: { kind: 'int', value: 1 } },
      'pixels/flatten',
    )
    return {
      name: bytes,
      dtype: 'uint8',
      shape: [...shape],
      doc:
        `${channels === 1 ? 'Gray' : 'RGB'} images of ${width} x ${height}, ` +
        '0 to 255, layout [N, height, width, channels]; any number of them.',
      denotation: 'IMAGE',
      dimensionDenotations: ['DATA_BATCH', 'DATA_FEATURE', 'DATA_FEATURE', 'DATA_CHANNEL'],
    }
  }

/**
 * What the import did to the contrast of patches (data/patches/contrast.ts), in levels: the mean of each is subtracted, what is
 * left truncated, squashed into [0.1, 0.9] of the range, and rounded as it was when it was stored. The sum of bytes is exact,
 * so that every runtime rounds alike.
 */
function normalised(
  draft: Draft,
  pixels: string,
  shape: Dimension[],
  values: number,
  limit: number,
  real: (role: string, value: number) => string,
): string {
  const step = (op: string, inputs: string[], name: string, attributes: DraftNode['attributes'] = {}, size = shape): string => {
    const id = `contrast ${name}`
    draft.node(op, inputs, [{ id, dtype: 'float32', shape: size }], attributes, `contrast/${name}`)
    return id
  }
  const axes = draft.constant('axes', 'int64', [3], new Uint8Array(BigInt64Array.of(1n, 2n, 3n).buffer))
  const one = [batchDimension, 1, 1, 1] as Dimension[]
  const mean = step(
    'Div',
    [step('ReduceSum', [pixels, axes], 'sum', { keepdims: { kind: 'int', value: 1 } }, one), real('values', values)],
    'mean',
    {},
    one,
  )
  const scaled = step('Div', [step('Sub', [pixels, mean], 'centre'), real('limit', limit)], 'scale')
  const kept = step('Clip', [scaled, real('lowest', -1), real('highest', 1)], 'truncate')
  const squashed = step(
    'Add',
    [step('Mul', [kept, real('slope', 0.4 * pixelRange)], 'squash'), real('middle', 0.5 * pixelRange)],
    'shift',
  )
  return step('Round', [squashed], 'round')
}

/** What a caller must know to prepare an image; with ONNX's own `Image.*` keys for readers that know those. */
export function imageMetadata(geometry: Geometry, input: 'pixels' | 'raw'): Record<string, string> {
  const { width, height, channels } = geometry
  if (geometry.kind === 'vector') return { layout: '[N, D]', inputSize: `${width * height * channels}` }
  const gray = channels === 1
  return {
    width: `${width}`,
    height: `${height}`,
    channels: `${channels}`,
    channelOrder: gray ? 'gray' : 'RGB',
    ...(geometry.contrastLimit === undefined
      ? {}
      : { contrast: input === 'pixels' ? 'normalise' : 'normalised before', contrastLimit: `${geometry.contrastLimit}` }),
    range: input === 'pixels' ? '0..255' : '0..1',
    layout:
      input === 'pixels' ? '[N, height, width, channels]' : '[N, D], D = height x width x channels, row by row, channels last',
    'Image.BitmapPixelFormat': gray ? 'Gray8' : 'Rgb8',
    'Image.ColorSpaceGamma': 'SRGB',
    'Image.NominalPixelRange': input === 'pixels' ? 'NominalRange_0_255' : 'Normalized_0_1',
  }
}
