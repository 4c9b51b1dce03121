/** Sizes that fit the data where nobody has said another one: of networks and of batches. */

/** The largest power of two that is at most `most`, and at least 1. */
const powerOfTwoUpTo = (most: number): number => 2 ** Math.floor(Math.log2(Math.max(1, most)))

/** Images a step. @param images that training sees, without those for validation */
export const usualBatch = (images: number, most = 128): number => Math.min(most, powerOfTwoUpTo(images))

/** Units of a code: half as many as an image has values where those are few, for as many would leave nothing out. */
export const usualCode = (values: number, most = 64): number => Math.max(1, Math.min(most, Math.ceil(values / 2)))

/**
 * Layers of an encoder of images: a hidden one about as wide as the rows, and the code. Vectors keep the usual ones: those of
 * two numbers, say, are looked at for how a wide network folds the plane, which takes many more units than there are
 * coordinates.
 * @param values of a row @param most of each
 */
export function usualLayers(
  values: number,
  kind: 'image' | 'vector',
  [hidden, code]: readonly [number, number] = [512, 64],
): [number, number] {
  if (kind === 'vector') return [hidden, code]
  return [Math.min(hidden, 2 ** Math.ceil(Math.log2(Math.max(1, values)))), usualCode(values, code)]
}
