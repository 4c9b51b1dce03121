import { enoughSteps, epochsFor } from './stepCounts.ts'
import { usualBatch } from './usualSizes.ts'

/** Steps after which small networks can be compared, and two cores are done with images of 28 x 28 in about half a minute. */
const steps = 3500
/** Of convolutional networks, and their batches: many small steps teach them more than few large ones of the same cost. */
const convolutionalSteps = 3500
export const convolutionalBatch = 16
/** Passes over few images beyond which more of them teach nothing new. */
const mostEpochs = 200

/**
 * How long plans train where nobody has said it: about as many steps whether there are few images or many, hence more epochs
 * and smaller batches of few.
 * @param images that training sees, without those for validation @param convolves whether networks begin with convolutions
 */
export function usualLength(images: number, convolves: boolean): { epochs: number; batchSize: number } {
  const most = images >= 2000 ? 128 : images >= 200 ? 32 : 8
  const batchSize = usualBatch(images, convolves ? Math.min(most, convolutionalBatch) : most)
  const wanted = convolves ? convolutionalSteps : steps
  return { epochs: Math.min(mostEpochs, epochsFor(wanted, Math.max(1, images) / batchSize)), batchSize }
}

/**
 * Of few images more epochs than usual, so that networks can learn from them. @param usual where there are many @param images
 * that training sees
 */
export const epochsThatTeach = (usual: number, images: number, batchSize: number, convolves: boolean): number =>
  Math.max(
    usual,
    Math.min(mostEpochs, epochsFor(convolves ? convolutionalSteps : enoughSteps, Math.max(1, Math.floor(images / batchSize)))),
  )
