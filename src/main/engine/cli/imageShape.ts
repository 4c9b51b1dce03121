import { WorkbenchError } from '../../../shared/errors.ts'
import type { Shape } from '../../../shared/shape.ts'
import { wholeNumber } from './wholeNumber.ts'

/** Options that say the shape of images that come as rows of numbers. */
export const imageShapeOptions = { size: { type: 'string' }, channels: { type: 'string' } } as const

export const imageShapeHelp = [
  '--size WxH        width and height of the images that rows hold, e.g. 64x58; without it they are vectors',
  '--channels C      values of a pixel, 1 unless said',
]

/** What these options say; null where they say nothing. Error: USAGE. */
export function imageShape({ size, channels }: { size?: unknown; channels?: unknown }): Shape | null {
  if (typeof size !== 'string') {
    if (channels === undefined) return null
    throw new WorkbenchError('USAGE', 'Channels belong to images; give their --size too, such as --size 64x58.', {
      field: 'channels',
    })
  }
  const [, width, height] = /^(\d{1,6})x(\d{1,6})$/i.exec(size.trim()) ?? []
  const shape = { width: Number(width), height: Number(height), channels: wholeNumber('channels', String(channels ?? 1)) }
  if (!(shape.width > 0 && shape.height > 0))
    throw new WorkbenchError('USAGE', `“${size}” is no size; write width and height like 64x58.`, { field: 'size' })
  if (shape.channels < 1)
    throw new WorkbenchError('USAGE', 'An image has at least 1 channel; give --channels a number above 0.', { field: 'channels' })
  return shape
}
