import type { Encoder, EncoderChoice, PixelScale } from '../../../shared/embeddings.ts'
import { fits } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { DeclaredTensor, OnnxSummary } from './onnxFile.ts'

type Input = Encoder['input']

const unsupported = (path: string, why: string, field = 'model') =>
  new WorkbenchError('FILE_UNSUPPORTED', `${path} ${why}`, { field })
const shapeText = ({ name, type, shape }: DeclaredTensor): string =>
  `${name}: ${type}${shape === null ? '' : ` [${shape.map((size) => size ?? '?').join(', ')}]`}`

const largestSide = 4096
const isColour = (size: number): size is 1 | 3 => size === 1 || size === 3

/** The one input of images or rows; the number of images comes first. */
function inputOf(summary: OnnxSummary): { tensor: DeclaredTensor; shape: (number | string | null)[] } {
  const { path, inputs } = summary
  const [tensor, ...more] = inputs
  if (tensor === undefined) throw unsupported(path, 'has no input; choose an encoder of images.')
  if (more.length > 0)
    throw unsupported(
      path,
      `has ${inputs.length} inputs (${inputs.map(shapeText).join('; ')}), and ` +
        'an encoder here has one; export the part that takes images alone.',
    )
  if (tensor.type !== 'uint8' && tensor.type !== 'float32')
    throw unsupported(path, `takes ${shapeText(tensor)}; images can be given as uint8 or float32, so export it with one of those.`)
  if (tensor.shape === null || tensor.shape.length < 2 || tensor.shape.length > 4) {
    throw unsupported(
      path,
      `takes ${shapeText(tensor)}, which is neither images nor vectors; ` +
        'an encoder takes [N, H, W, C], [N, C, H, W], [N, H, W] or [N, D].',
    )
  }
  return { tensor, shape: tensor.shape }
}

/** Sizes after the number of images. */
function fixedSizes(path: string, tensor: DeclaredTensor, shape: (number | string | null)[]): number[] {
  return shape.slice(1).map((size) => {
    if (typeof size !== 'number' || size < 1) {
      throw unsupported(
        path,
        `takes ${shapeText(tensor)}, whose size is not fixed; export it for ` +
          'images of one height and width (only the number of images may be open).',
      )
    }
    return size
  })
}

/** Which of four dimensions are the channels: those that can be; what the file says; else what is usual for the type. */
function layoutOf({ path, metadata }: OnnxSummary, tensor: DeclaredTensor, [a, , c]: [number, number, number]): 'NHWC' | 'NCHW' {
  if (isColour(c) !== isColour(a)) return isColour(c) ? 'NHWC' : 'NCHW'
  if (!isColour(a))
    throw unsupported(
      path,
      `takes ${shapeText(tensor)}, which has neither 1 nor 3 channels; choose an encoder of gray or colour images.`,
    )
  const channel = tensor.denotations.indexOf('DATA_CHANNEL')
  if (channel === 1 || channel === 3) return channel === 3 ? 'NHWC' : 'NCHW'
  if (metadata['layout']?.startsWith('[N, height')) return 'NHWC'
  return tensor.type === 'uint8' ? 'NHWC' : 'NCHW'
}

function geometryOf(summary: OnnxSummary): Pick<Input, 'kind' | 'layout' | 'width' | 'height' | 'channels'> {
  const { path, metadata } = summary
  const { tensor, shape } = inputOf(summary)
  const sizes = fixedSizes(path, tensor, shape)
  if (sizes.length === 1) {
    const [width, height, channels] = ['width', 'height', 'channels'].map((key) => Number(metadata[key] ?? 0)) as [
      number,
      number,
      number,
    ]
    if (width * height * channels === sizes[0] && isColour(channels))
      return { kind: 'image', layout: 'ND', width, height, channels }
    return { kind: 'rows', layout: 'ND', width: sizes[0]!, height: 1, channels: 1 }
  }
  const image = (layout: Input['layout'], height: number, width: number, channels: number) => {
    if (height > largestSide || width > largestSide)
      throw unsupported(
        path,
        `takes images of ${width} x ${height}, and up to ${largestSide} x ` +
          `${largestSide} are possible; choose an encoder of smaller images.`,
      )
    return { kind: 'image' as const, layout, width, height, channels: channels as 1 | 3 }
  }
  if (sizes.length === 2) return image('NHW', sizes[0]!, sizes[1]!, 1)
  const [a, b, c] = sizes as [number, number, number]
  const layout = layoutOf(summary, tensor, [a, b, c])
  return layout === 'NHWC' ? image(layout, a, b, c) : image(layout, b, c, a)
}

/** ONNX's standard words for the range of pixels, and ours. */
const ranges: Record<string, PixelScale> = {
  NominalRange_0_255: 'bytes',
  Normalized_0_1: 'unit',
  Normalized_1_1: 'signed',
  '0..255': 'bytes',
  '0..1': 'unit',
}

function scaleOf(
  path: string,
  type: Input['type'],
  metadata: Record<string, string>,
  chosen: PixelScale | undefined,
): Pick<Input, 'scale' | 'scaleAssumed'> {
  const said = ranges[metadata['Image.NominalPixelRange'] ?? ''] ?? ranges[metadata['range'] ?? '']
  if (type === 'uint8') {
    if (chosen !== undefined && chosen !== 'bytes')
      throw unsupported(path, `takes bytes, which cannot be scaled as “${chosen}”; leave the scale out.`, 'scale')
    return { scale: 'bytes', scaleAssumed: false }
  }
  return { scale: chosen ?? said ?? 'unit', scaleAssumed: chosen === undefined && said === undefined }
}

/** The output that is the code: the one asked for, one called `code`, or the only one that can be. */
function outputOf({ path, outputs }: OnnxSummary, wanted: string | undefined): Pick<Encoder, 'output' | 'outputs' | 'codeSize'> {
  const possible = outputs.filter(({ type, shape }) => type === 'float32' && (shape === null || shape.length >= 2))
  const names = possible.map(({ name }) => name)
  const chosen =
    wanted !== undefined
      ? possible.find(({ name }) => name === wanted)
      : (possible.find(({ name }) => name === 'code') ?? (possible.length === 1 ? possible[0] : undefined))
  if (chosen === undefined) {
    if (names.length === 0)
      throw unsupported(path, `gives ${outputs.map(shapeText).join('; ')}, and codes are float32 [N, ...]; choose an encoder.`)
    throw unsupported(
      path,
      wanted === undefined
        ? `has several outputs; say which one is the code: ${names.join(', ')}.`
        : `has no output “${wanted}” of float32; choose one of ${names.join(', ')}.`,
      'output',
    )
  }
  const sizes = chosen.shape?.slice(1) ?? [null]
  const codeSize = sizes.every((size) => typeof size === 'number' && size > 0)
    ? (sizes as number[]).reduce((product, size) => product * size, 1)
    : null
  return { output: chosen.name, outputs: names, codeSize }
}

/**
 * What an ONNX file is as an encoder: one input of images or vectors, whose size is fixed, and an output of codes.
 * @throws WorkbenchError FILE_UNSUPPORTED saying what it has instead, or what has to be chosen
 */
export function encoderOf(summary: OnnxSummary, { output, scale, fit }: Partial<EncoderChoice> = {}): Encoder {
  const { path, metadata, sha256, bytes, producer, opsets } = summary
  const { tensor, shape } = inputOf(summary)
  const geometry = geometryOf(summary)
  const batch = typeof shape[0] === 'number' && shape[0] > 0 ? shape[0] : null
  const known = fits.find((each) => each === metadata['fit'])
  return {
    own: producer === 'autoencoder-workbench',
    producer,
    sha256,
    bytes,
    opset: opsets[''] ?? 0,
    metadata,
    input: {
      name: tensor.name,
      type: tensor.type as Input['type'],
      ...geometry,
      batch,
      ...scaleOf(path, tensor.type as Input['type'], metadata, scale),
      bgr: (metadata['Image.BitmapPixelFormat'] ?? '').startsWith('Bgr'),
      fit: fit ?? known ?? 'crop',
    },
    ...outputOf(summary, output),
  }
}
