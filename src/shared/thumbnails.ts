/** So many pixels of an image in each direction become one of its thumbnail, that it has no side longer than `side`. */
export const thumbnailFactor = ({ width, height }: { width: number; height: number }, side: number): number =>
  Math.max(1, Math.ceil(Math.max(width, height) / side))

/** A thumbnail's size: what is left over at the right and at the bottom is a pixel, too. */
export const thumbnailSize = (
  { width, height }: { width: number; height: number },
  factor: number,
): { width: number; height: number } => ({ width: Math.ceil(width / factor), height: Math.ceil(height / factor) })
