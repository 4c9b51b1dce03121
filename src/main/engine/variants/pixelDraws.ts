import type { Tensor } from '@tensorflow/tfjs-node'
import type { Randomness } from '../network/randomness.ts'

/**
 * Uniform draws for the values of images, [rows, size]: one for each pixel, which all of its channels share.
 * @param channels values of a pixel, side by side; 1: every value has its own
 */
export function uniformOfPixels(random: Randomness, name: string, [rows, size]: [number, number], channels: number): Tensor {
  if (channels === 1) return random.uniform(name, [rows, size])
  const pixels = size / channels
  return random.uniform(name, [rows, pixels]).reshape([rows, pixels, 1]).tile([1, 1, channels]).reshape([rows, size])
}
