import { enoughSteps, epochsFor } from './stepCounts.ts'
import { usualBatch } from './usualSizes.ts'

/** Steps after which small networks can be compared, and two cores are done with images of 28 x 28 in about half a minute. */
const steps = 3500
/** Passes over few images beyond which more of them teach nothing new. */
const mostEpochs = 200

/**
 * How long plans train where nobody has said it: about as many steps whether there are few images or many, hence more epochs
 * and smaller batches of few.
 * @param images that training sees, without those for validation
 */
export function usualLength(images: number): { epochs: number; batchSize: number } {
  const batchSize = usualBatch(images, images >= 2000 ? 128 : images >= 200 ? 32 : 8)
  return { epochs: Math.min(mostEpochs, epochsFor(steps, Math.max(1, images) / batchSize)), batchSize }
}

/**
 * Of few images more epochs than usual, so that networks can learn from them. @param usual where there are many @param images
 * that training sees
 */
export const epochsThatTeach = (usual: number, images: number, batchSize: number): number =>
  Math.max(usual, Math.min(mostEpochs, epochsFor(enoughSteps, Math.max(1, Math.floor(images / batchSize)))))
