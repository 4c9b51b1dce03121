import { openDataset } from './open.ts'
import type { PackedDataset } from './packed.ts'

/**
 * Pixels that are nearly 0 and 1, as of ink on paper; or continuous, gray or in colour, as those of photographs. `glowing`: nearly
 * all of them black, the others of many shades, as what fluoresces: networks take them as they take ink, and no ink they are.
 */
export type PixelKind = 'nearlyBinary' | 'glowing' | 'gray' | 'colour'

/** Values that are looked at: enough to tell, and read within a few hundredths of a second. */
const mostValues = 2 ** 23
const rows = { least: 3, most: 512 }

/**
 * Pixels drawn as 0 or 1, each with its value as probability, would have a variance of m (1 - m), m being the mean; E x (1 - x)
 * of that is the draw's. Of values that are 0 and 1 already it is nothing, of evenly spread ones two thirds. Measured: MNIST
 * 0.16, its kin of 8 x 8 pixels 0.33, photographs 0.6 to 0.9.
 */
const share = { gray: 0.35, colour: 0.05 }
/**
 * What glows: a mean below this, and of the pixels that are not black fewer than this share white. Measured: MNIST 0.12 and 0.37,
 * its kin 0.3 and 0.1, drawn discs of nine tenths of white with a tenth of noise 0.05 and 0.2.
 */
const glow = { mean: 0.1, white: 0.3 }
const black = 5,
  white = 250

/**
 * What the pixels of images are: nearly 0 and 1 as of ink on paper, or continuous, gray or in colour. From some of the rows that
 * train, evenly spaced.
 */
export function pixelKind({
  train,
  rowSize,
  channels,
  gather,
}: Pick<PackedDataset, 'train' | 'rowSize' | 'channels' | 'gather'>): PixelKind {
  const count = Math.min(train.length, Math.max(rows.least, Math.min(rows.most, Math.floor(mostValues / rowSize))))
  const row = new Uint8Array(rowSize)
  let sum = 0,
    squares = 0,
    lit = 0,
    full = 0,
    coloured = false
  for (let index = 0; index < count; index++) {
    gather([train[Math.floor((index * train.length) / count)]!], row)
    for (let at = 0; at < rowSize; at++) {
      const value = row[at]!
      sum += value
      squares += value * value
      if (value > black) lit += 1
      if (value >= white) full += 1
      if (channels > 1 && value !== row[at - (at % channels)]) coloured = true
    }
  }
  const values = count * rowSize
  const mean = sum / values / 255,
    drawn = mean - squares / values / 255 ** 2
  // Of a single shade of black or white there is nothing between.
  const ofDraw = mean * (1 - mean) > 0 ? drawn / (mean * (1 - mean)) : 0
  // Gray images may come as three equal channels.
  if (ofDraw > share[coloured ? 'colour' : 'gray']) return coloured ? 'colour' : 'gray'
  return ofDraw > share.colour && mean < glow.mean && full < glow.white * lit ? 'glowing' : 'nearlyBinary'
}

/** Of the datasets that were asked for; what lies in a dataset's folder does not change. */
const known = new Map<string, PixelKind>()

/** The same of a dataset's folder, measured once; undefined where it cannot be read, which training will say. */
export function pixelKindOf(folder: string): PixelKind | undefined {
  let found = known.get(folder)
  if (found !== undefined) return found
  try {
    const dataset = openDataset(folder, { resident: false })
    try {
      known.set(folder, (found = pixelKind(dataset)))
    } finally {
      dataset.close()
    }
  } catch {
    return undefined
  }
  return found
}
