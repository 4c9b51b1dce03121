import type { Numbers, NumberType } from './numbers.ts'

/** An image's numbers as its file has them, before they become brightness. */
export interface Samples {
  /** [height, width, channels]. */
  data: Numbers
  width: number
  height: number
  channels: number
  /** What the numbers are, whatever the array that holds them. */
  type: NumberType
  /** Whether the file declares its last channel as transparency; 1 is the value of what is opaque. */
  alpha: { opaque: number; premultiplied: boolean } | null
  /** As in Exif, 1 to 8: how the image is to be turned. */
  orientation: number
}
