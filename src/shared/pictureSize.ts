/** How large something is, or what room there is for it. */
export interface Size {
  width: number
  height: number
}

/** A picture may be so many times as large as wanted before it is made smaller: at its own size it is sharpest. */
const tolerance = 1.6
/** Strips of numbers, one pixel high, are given at least this share of the wanted size. */
const stripHeight = 1 / 4

/** What is wanted of the longer side: wide and high pictures have the area of a square of that side, within limits. */
export const goalFor = ({ width, height }: Size, wanted: number): number =>
  wanted * Math.min(2, Math.sqrt(Math.max(width, height) / Math.max(1, Math.min(width, height))))

/**
 * The whole factor by which a picture is enlarged to be at least about `wanted` pixels on its longer side, and not far above; at
 * least 1.
 */
export function wholeFactor(image: Size, wanted: number): number {
  const goal = goalFor(image, wanted),
    long = Math.max(image.width, image.height)
  const factor = Math.max(1, Math.ceil(goal / long))
  return factor > 1 && factor * long > tolerance * goal ? factor - 1 : factor
}

/**
 * The size in which a picture is drawn, in device pixels, everywhere: small ones are enlarged by whole factors, so that their
 * pixels are seen as they are; large ones keep their size up to somewhat more than wanted, and are reduced beyond that. The ratio
 * of the sides stays.
 * @param wanted of the longer side of a square picture
 * @param most what it must not exceed
 */
export function pictureSize(image: Size, wanted: number, most: Partial<Size> = {}): Size {
  const { width, height } = image
  const room = Math.min((most.width ?? Infinity) / width, (most.height ?? Infinity) / height)
  const whole = Math.min(wholeFactor(image, wanted), Math.floor(room))
  const largest = Math.min(1, room, (tolerance * goalFor(image, wanted)) / Math.max(width, height))
  const factor = largest === 1 ? Math.max(1, whole) : largest
  const drawn = { width: Math.max(1, Math.round(width * factor)), height: Math.max(1, Math.round(height * factor)) }
  if (height === 1 && width > 1)
    drawn.height = Math.max(drawn.height, Math.min(Math.round(stripHeight * wanted), Math.floor(most.height ?? Infinity)))
  return drawn
}
