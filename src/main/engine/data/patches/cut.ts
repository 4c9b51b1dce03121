import { closeSync, openSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { writeAll } from '../../files/durable.ts'
import { packRow, type Picture } from '../pixels.ts'
import { hashBytes, hashRows } from '../row-hash.ts'

/** Patches of images that lie in memory, written into the packed file. */
export interface PatchShape {
  width: number
  height: number
  channels: 1 | 3
}

/**
 * Where patches of one image go and come from: row in the packed file, then column and row of the upper left pixel; three
 * numbers each.
 */
export type Windows = Uint32Array

/** A picture's pixels with the wanted channels at its own size, and 16 bytes that tell it from other pictures. */
export function flattened(picture: Picture, channels: 1 | 3): { pixels: Uint8Array; hash: Uint8Array } {
  const { width, height } = picture
  let pixels: Uint8Array
  if (picture.channels === channels && picture.data instanceof Uint8Array) {
    pixels = picture.data
  } else {
    pixels = new Uint8Array(width * height * channels)
    packRow(picture, { width, height, channels, fit: 'crop' }, pixels, 0)
  }
  const hash = new Uint8Array(hashBytes)
  hashRows(pixels, width * height * channels, 1, hash, 0)
  return { pixels, hash }
}

/** Writes the windows from number `from` up to `to` of an image [height, width, channels] of the given width into an open packed file. */
export function cutWindows(
  pixels: Uint8Array,
  imageWidth: number,
  { width, height, channels }: PatchShape,
  windows: Windows,
  from: number,
  to: number,
  file: number,
): void {
  const line = width * channels,
    size = line * height
  const patch = Buffer.allocUnsafe(size)
  for (let i = from; i < to; i++) {
    const row = windows[3 * i]!,
      x = windows[3 * i + 1]!,
      y = windows[3 * i + 2]!
    for (let v = 0; v < height; v++) {
      const at = ((y + v) * imageWidth + x) * channels
      patch.set(pixels.subarray(at, at + line), v * line)
    }
    writeAll(file, patch, row * size)
  }
}

/** The images that patches are wanted of, ascending, with their windows. */
export interface Wanted {
  images: Uint32Array
  windowsOf(index: number): Windows
}

/** What becomes of an image: its hash, or why it cannot be used; then none of its patches was written. */
type CutResult = { image: number; patches: number; hash: Uint8Array } | { image: number; patches: number; reason: string }

export interface CutOptions {
  shape: PatchShape
  pixels: string
  onResult(result: CutResult): void
  signal?: AbortSignal | undefined
}

const perTurn = 1000

/** Cuts patches in this process out of images that are read one after the other, ascending. */
export async function cutHere(
  wanted: Wanted,
  images: AsyncIterable<Picture>,
  { shape, pixels: path, onResult, signal }: CutOptions,
): Promise<void> {
  const file = openSync(path, 'r+')
  try {
    let index = 0
    for await (const picture of images) {
      const { pixels, hash } = flattened(picture, shape.channels)
      const windows = wanted.windowsOf(index),
        count = windows.length / 3
      for (let from = 0; from < count; from += perTurn) {
        signal?.throwIfAborted()
        cutWindows(pixels, picture.width, shape, windows, from, Math.min(count, from + perTurn), file)
        await setImmediate()
      }
      onResult({ image: wanted.images[index]!, patches: count, hash })
      index++
    }
    if (index < wanted.images.length) throw new Error(`only ${index} of ${wanted.images.length} images were read`)
  } finally {
    closeSync(file)
  }
}
