import { random as randomOf } from '../random.ts'
import type { ImageSet, Paint } from './set.ts'

export const random: ImageSet = {
  kind: 'image',
  name: 'random',
  title: 'Random pixels',
  description:
    'Images of independent uniform pixels: there is nothing in them to learn, so a network that reconstructs them copies its input.',
  comparable: false,
  side: 28,
  channels: 1,
  count: 10_000,
  classes: [],
  labelsFrom: null,
  draw: (seed) => ({
    paint() {
      const fill = uniformBytes(seed)
      let next = 0
      return ((out, image) => {
        // One stream of bytes runs through all images.
        for (; next <= image; next++) fill(out)
        return []
      }) satisfies Paint
    },
  }),
}

/** Fills arrays with independent uniform bytes: four of each draw, the low one first. */
function uniformBytes(seed: number): (out: Uint8Array) => void {
  const source = randomOf('synthetic/random', seed)
  let word = 0,
    left = 0
  return (out) => {
    for (let i = 0; i < out.length; i++) {
      if (left === 0) {
        word = source.next()
        left = 4
      }
      out[i] = word
      word >>>= 8
      left--
    }
  }
}
