import type { Picture } from './pixels.ts'

/** For orientations 1 to 8 of Exif: whether columns and rows change places, and which of the result's axes run backwards. */
const turns: readonly { swap: boolean; left: boolean; up: boolean }[] = [
  { swap: false, left: false, up: false },
  { swap: false, left: true, up: false },
  { swap: false, left: true, up: true },
  { swap: false, left: false, up: true },
  { swap: true, left: false, up: false },
  { swap: true, left: true, up: false },
  { swap: true, left: true, up: true },
  { swap: true, left: false, up: true },
]

/** The picture as it is meant to be seen. @param orientation as in Exif, 1 to 8 */
export function turned(picture: Picture, orientation: number): Picture {
  const turn = turns[orientation - 1]
  if (orientation === 1 || turn === undefined) return picture
  const { data, width, height, channels } = picture,
    wide = turn.swap ? height : width,
    high = turn.swap ? width : height
  const out = new Uint8Array(width * height * channels)
  for (let y = 0, to = 0; y < high; y++) {
    for (let x = 0; x < wide; x++) {
      const across = turn.left ? wide - 1 - x : x,
        down = turn.up ? high - 1 - y : y
      const from = (turn.swap ? across * width + down : down * width + across) * channels
      for (let c = 0; c < channels; c++) out[to++] = data[from + c]!
    }
  }
  return { data: out, width: wide, height: high, channels }
}
