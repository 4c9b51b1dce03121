import { z } from 'zod'
import { isObject } from './json.ts'
import { sizeOf, type Shape } from './shape.ts'

/** The convolutions of an encoder: how they are written, what they make of an image's shape, which ones an image usually gets. */

export const convolutionSchema = z.strictObject({
  filters: z.int().min(1).max(4096),
  kernel: z.int().min(1).max(64),
  stride: z.int().min(1).max(64).default(1),
})
export type Convolution = z.infer<typeof convolutionSchema>

export const mostConvolutions = 12

/** The word for convolutions that follow from the image's size. */
export const auto = 'auto'
const none = 'none'
/** Whether a setting's value, unchecked, is that word. */
export const isAuto = (value: unknown): boolean => typeof value === 'string' && value.trim().toLowerCase() === auto

const written = /^(\d+)x(\d+)(?:s(\d+))?$/i

/** `32x4s2,64x4s2` (filters x kernel s stride) or `none`, as a list; null where it says neither. */
export function readConvolutions(text: string): Convolution[] | null {
  const trimmed = text.trim().toLowerCase()
  if (trimmed === none) return []
  const found = trimmed
    .replace(/,\s*$/, '')
    .split(/[,\s→]+/)
    .map((piece) => written.exec(piece))
  return found.every((match) => match !== null)
    ? found.map(([, filters, kernel, stride = '1']) => ({
        filters: Number(filters),
        kernel: Number(kernel),
        stride: Number(stride),
      }))
    : null
}

const isConvolution = (value: unknown): value is Convolution => isObject(value) && 'filters' in value && 'kernel' in value

/** Whether a setting's value is a list of convolutions; an empty one is, for nothing else that may be empty is a list. */
export const areConvolutions = (value: unknown): value is readonly Convolution[] =>
  Array.isArray(value) && value.every(isConvolution)

/** `32x4s2` */
export const convolutionText = ({ filters, kernel, stride = 1 }: Convolution): string =>
  `${filters}x${kernel}${stride === 1 ? '' : `s${stride}`}`

/** The inverse of `readConvolutions`. */
export const textOfConvolutions = (convolutions: readonly Convolution[]): string =>
  convolutions.length === 0 ? none : convolutions.map(convolutionText).join(',')

/** What comes out of a convolution whose padding is SAME as TensorFlow counts it. */
export const convolvedShape = ({ height, width }: Shape, { filters, stride }: Convolution): Shape => ({
  height: Math.ceil(height / stride),
  width: Math.ceil(width / stride),
  channels: filters,
})

/** The shapes of a pyramid, the image's first. */
export const pyramidOf = (convolutions: readonly Convolution[], image: Shape): Shape[] =>
  convolutions.reduce((shapes, convolution) => [...shapes, convolvedShape(shapes.at(-1)!, convolution)], [image])

/** Images of more values than these usually get convolutions. */
const mostDenseValues = 1024

const usualKernel = 4,
  usualStride = 2,
  firstFilters = 32,
  mostParameters = 500_000

/**
 * The pyramid that `auto` stands for: sides are halved until the shorter one is below 8, hence 4 to 7; filters double from 32 as
 * long as all kernels together stay below half a million weights.
 */
export function usualConvolutions(image: Shape): Convolution[] {
  const found: Convolution[] = []
  let shape = image,
    parameters = 0
  while (Math.min(shape.height, shape.width) >= 8 && found.length < mostConvolutions) {
    const weightsOf = (filters: number) => usualKernel ** 2 * shape.channels * filters
    const last = found.at(-1)?.filters
    const wanted = last === undefined ? firstFilters : 2 * last
    const filters = last === undefined || parameters + weightsOf(wanted) <= mostParameters ? wanted : last
    parameters += weightsOf(filters)
    const convolution = { filters, kernel: usualKernel, stride: usualStride }
    found.push(convolution)
    shape = convolvedShape(shape, convolution)
  }
  return found
}

/** Whether a network on rows like these usually begins with convolutions: images that are large enough, of any side. */
export const usuallyConvolved = (shape: Shape, kind: 'image' | 'vector'): boolean =>
  kind === 'image' && sizeOf(shape) > mostDenseValues && usualConvolutions(shape).length > 0
