import gifenc from 'gifenc'
import { joined } from '../../../shared/png.ts'
import type { Raster } from './png.ts'

/** A palette for all frames, and the place in it of each pixel of a frame. */
interface Colours {
  palette: number[][]
  indicesOf(frame: Raster): Uint8Array
}

/** Pixels that a palette is chosen by, at most: every so manieth of all frames. */
const samples = 2 ** 20

/**
 * An animated GIF (GIF89a) of frames of one size, repeated for ever, with a comment. Grays, and up to 256 colours, stay as they are;
 * more are taken to the nearest of a palette that is made for all frames together.
 * @param delay between frames, in hundredths of a second
 */
export function encodeGif(frames: readonly Raster[], delay: number, comment: string): Uint8Array<ArrayBuffer> {
  const { width, height } = frames[0]!
  const { palette, indicesOf } = frames[0]!.channels === 1 ? grays : (fewColours(frames) ?? manyColours(frames))
  const encoder = gifenc.GIFEncoder()
  frames.forEach((frame, index) =>
    encoder.writeFrame(indicesOf(frame), width, height, { ...(index === 0 ? { palette } : {}), delay: 10 * delay, repeat: 0 }),
  )
  encoder.finish()
  const bytes = encoder.bytes()
  // The last byte ends the file; comments may stand anywhere before.
  return joined([bytes.subarray(0, -1), commentBlock(Buffer.from(comment)), bytes.subarray(-1)])
}

const grays: Colours = {
  palette: Array.from({ length: 256 }, (_, value) => [value, value, value]),
  indicesOf: ({ pixels }) => pixels,
}

const keyAt = (pixels: Uint8Array, at: number): number => (pixels[at]! << 16) | (pixels[at + 1]! << 8) | pixels[at + 2]!

/** Null where there are more than a palette holds. */
function fewColours(frames: readonly Raster[]): Colours | null {
  const places = new Map<number, number>()
  for (const { pixels } of frames) {
    for (let at = 0; at < pixels.length; at += 3) {
      const key = keyAt(pixels, at)
      if (!places.has(key) && places.set(key, places.size).size > 256) return null
    }
  }
  return {
    palette: Array.from(places.keys(), (key) => [key >> 16, (key >> 8) & 255, key & 255]),
    indicesOf: ({ pixels }) => Uint8Array.from({ length: pixels.length / 3 }, (_, i) => places.get(keyAt(pixels, 3 * i))!),
  }
}

function manyColours(frames: readonly Raster[]): Colours {
  const pixelsOfFrame = frames[0]!.pixels.length / 3
  const step = Math.max(1, Math.ceil((frames.length * pixelsOfFrame) / samples))
  const some = Uint8Array.from({ length: 4 * Math.ceil((frames.length * pixelsOfFrame) / step) })
  for (let i = 0, to = 0; i < frames.length * pixelsOfFrame; i += step, to += 4) {
    const at = 3 * (i % pixelsOfFrame)
    some.set(frames[Math.floor(i / pixelsOfFrame)]!.pixels.subarray(at, at + 3), to)
    some[to + 3] = 255
  }
  const palette = gifenc.quantize(some, 256, { format: 'rgb444' })
  return { palette, indicesOf: ({ pixels }) => gifenc.applyPalette(withOpacity(pixels), palette, 'rgb565') }
}

function withOpacity(pixels: Uint8Array): Uint8Array {
  const rgba = new Uint8Array((pixels.length / 3) * 4).fill(255)
  for (let from = 0, to = 0; from < pixels.length; from += 3, to += 4) rgba.set(pixels.subarray(from, from + 3), to)
  return rgba
}

/** A comment, in blocks of at most 255 bytes, each with its length, and an empty one. */
function commentBlock(text: Uint8Array): Uint8Array {
  const blocks: Uint8Array[] = [Uint8Array.of(0x21, 0xfe)]
  for (let at = 0; at < text.length; at += 255)
    blocks.push(Uint8Array.of(Math.min(255, text.length - at)), text.subarray(at, at + 255))
  return joined([...blocks, Uint8Array.of(0)])
}
