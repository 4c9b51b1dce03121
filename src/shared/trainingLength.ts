import { epochsFor } from './stepCounts.ts'

/** Steps after which small networks can be compared, and two cores are done with images of 28 x 28 in about half a minute. */
const steps = 3500
/** Passes over few images beyond which more of them teach nothing new. */
const mostEpochs = 200

/**
 * How long plans train where nobody has said it: about as many steps whether there are few images or many, hence more epochs and smaller batches of few.
 * @param images that training sees, without those for validation
 */
export function usualLength(images: number): { epochs: number; batchSize: number } {
  const batchSize = images >= 2000 ? 128 : images >= 200 ? 32 : 8
  return { epochs: Math.min(mostEpochs, epochsFor(steps, Math.max(1, images) / batchSize)), batchSize }
}
