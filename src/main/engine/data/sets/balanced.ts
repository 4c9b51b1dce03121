import { random, shuffleInPlace } from '../random.ts'

/**
 * The class of an image as a function of its number alone: each block of as many images as there are classes has every class once, in an
 * order that is drawn.
 */
export function balanced(purpose: string, seed: number, classes: number): (image: number) => number {
  let known = -1,
    order: Uint32Array = new Uint32Array()
  return (image) => {
    const block = Math.floor(image / classes)
    if (block !== known) {
      order = shuffleInPlace(
        Uint32Array.from({ length: classes }, (_, i) => i),
        random(`${purpose}/classes`, seed, block),
      )
      known = block
    }
    return order[image % classes]!
  }
}
