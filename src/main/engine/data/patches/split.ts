import { WorkbenchError } from '../../../../shared/errors.ts'
import { firstIdentical, keepCopiesTogether } from '../duplicates.ts'
import { random } from '../random.ts'
import { testPart, trainPart } from '../request.ts'
import { hashBytes } from '../row-hash.ts'
import { drawStratified } from '../split.ts'
import { testShare } from '../test-split.ts'
import type { Draws } from './draws.ts'

/** One patch to train, one to validate and one to test with. */
const fewest = { train: 2, test: 1 }

/**
 * The split of patches: those of one image are on one side. `brought` says which part the source has each image in; where it brings
 * none, of the images that patches were taken from 15% are drawn, by the rules of every import (stratified by
 * class, the same draw for every import, identical images on one side).
 * @param hashes 16 bytes an image, where the images were read already
 * @returns the part of every patch
 * @throws WorkbenchError DATASET_TOO_SMALL when a side would be empty, with the field that can help
 */
export function splitPatches(
  draws: Draws,
  imageCount: number,
  brought: Uint8Array | null,
  labels: Int32Array | null,
  hashes: Uint8Array | null,
): Uint8Array {
  const used = new Uint8Array(imageCount)
  for (const image of draws.image) used[image] = 1
  const images = Uint32Array.from({ length: imageCount }, (_, image) => image).filter((image) => used[image] === 1)
  const onTest = Uint8Array.from(images, (image) => (brought?.[image] === testPart ? 1 : 0))
  if (brought === null) {
    const rows = images.map((_, i) => i)
    for (const row of drawStratified(rows, labels && Int32Array.from(images, (image) => labels[image]!), testShare, random('test'))
      .drawn)
      onTest[row] = 1
  }
  if (hashes && brought === null) {
    const imageHashes = new Uint8Array(images.length * hashBytes)
    images.forEach((image, i) => imageHashes.set(hashes.subarray(image * hashBytes, (image + 1) * hashBytes), i * hashBytes))
    keepCopiesTogether(
      onTest,
      firstIdentical(imageHashes, images.length),
      labels && Int32Array.from(images, (image) => labels[image]!),
    )
  }
  const sides = new Uint8Array(imageCount)
  images.forEach((image, i) => {
    sides[image] = onTest[i]!
  })
  const test = Uint8Array.from(draws.image, (image) => sides[image]!)
  const testImages = onTest.reduce((sum, side) => sum + side, 0),
    testPatches = test.reduce((sum, side) => sum + side, 0)
  if (brought === null && (testImages === 0 || testImages === images.length)) {
    const why =
      imageCount === 1
        ? 'There is only 1 usable image'
        : images.length === 1
          ? 'All patches are of 1 image'
          : `The ${images.length} images are copies of one another`
    throw new WorkbenchError(
      'DATASET_TOO_SMALL',
      `${why}, and patches of one image are either all for training or all for testing; ` +
        `${imageCount === 1 || images.length > 1 ? 'add other images' : 'take more patches'}.`,
      {
        field: imageCount === 1 || images.length > 1 ? 'path' : 'count',
      },
    )
  }
  if (testPatches < fewest.test || test.length - testPatches < fewest.train) {
    const count = test.length
    throw new WorkbenchError(
      'DATASET_TOO_SMALL',
      `Of ${count === 1 ? '1 patch' : `${count} patches`} ${testPatches} would be of test images; at least ` +
        `${fewest.train} for training and ${fewest.test} for testing are needed, so take more patches.`,
      { field: 'count' },
    )
  }
  return Uint8Array.from(draws.image, (image, i) => (test[i] ? testPart : (brought?.[image] ?? trainPart)))
}
