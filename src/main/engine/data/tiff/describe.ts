import type { NumberType } from '../numbers.ts'
import { tag, type Page } from './directory.ts'

/** What a page's numbers are. */
export interface Description {
  width: number
  height: number
  channels: number
  bits: number
  /** As NumPy names them; whole numbers of 9 to 15 bits lie in 16. */
  type: NumberType
  photometric: number
  /** Whether a value says more than 8 bits without a sign can. */
  wide: boolean
  /** What each channel beyond gray or the three colours is: 0 not said, 1 premultiplied transparency, 2 transparency. */
  extra: number[]
  orientation: number
}

export function describePage(page: Page): Description {
  const channels = page.number(tag.samples, 1),
    bits = page.number(tag.bits, 1),
    format = page.number(tag.format, 1)
  const letter = format === 2 ? 'i' : format === 3 ? 'f' : 'u',
    bytes = bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : 8
  const orientation = page.number(tag.orientation, 1),
    photometric = page.number(tag.photometric, -1)
  const colours = photometric <= 1 ? 1 : 3,
    extra = page.numbers(tag.extra)
  while (extra.length < channels - colours) extra.push(0)
  return {
    width: page.number(tag.width, 0),
    height: page.number(tag.height, 0),
    channels,
    bits,
    photometric,
    extra,
    wide: bits > 8 || letter !== 'u',
    type: `${letter}${bytes}` as NumberType,
    orientation: orientation >= 1 && orientation <= 8 ? orientation : 1,
  }
}
