import type { NetworkConfig } from './config.ts'
import { pyramidOf } from './convolutions.ts'
import { sizeOf, type Shape } from './shape.ts'

/** `64 x 58 x 3`: width, height and channels. */
export const shapeText = ({ width, height, channels }: Shape): string => `${width} x ${height} x ${channels}`

/**
 * What an encoder reads and what each of its layers gives, the code last: `64 x 58 x 3`, `32 x 29 x 32`, `64`; where there are no
 * convolutions as numbers alone.
 */
export const encoderSizes = ({ convolutions, layers }: Pick<NetworkConfig, 'convolutions' | 'layers'>, input: Shape): string[] => [
  ...(convolutions.length === 0 ? [String(sizeOf(input))] : pyramidOf(convolutions, input).map(shapeText)),
  ...layers.map(String),
]
