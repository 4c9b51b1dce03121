import type { Images } from '../../../shared/domain.ts'

/** What each of `to` pixels takes of `from` larger ones in a line: the first, and its share of it and of those that follow. */
function shares(from: number, to: number): { first: number; weights: number[] }[] {
  return Array.from({ length: to }, (_, at) => {
    const start = (at * from) / to,
      end = ((at + 1) * from) / to
    const first = Math.floor(start),
      last = Math.min(from, Math.ceil(end - 1e-9))
    return {
      first,
      weights: Array.from(
        { length: last - first },
        (_, i) => (Math.min(end, first + i + 1) - Math.max(start, first + i)) / (end - start),
      ),
    }
  })
}

/** Images made smaller: each pixel is the mean of the area that it stands for. */
export function reduced(images: Images, width: number, height: number): Images {
  const { count, channels, width: wide, height: high } = images
  const across = shares(wide, width),
    down = shares(high, height)
  const pixels = new Uint8Array(count * width * height * channels),
    line = new Float32Array(wide * channels)
  let to = 0
  for (let image = 0; image < count; image++) {
    for (const { first, weights } of down) {
      line.fill(0)
      for (let i = 0; i < weights.length; i++) {
        const from = (image * high + first + i) * line.length
        for (let at = 0; at < line.length; at++) line[at]! += weights[i]! * images.pixels[from + at]!
      }
      for (const { first: left, weights: parts } of across) {
        for (let c = 0; c < channels; c++) {
          let sum = 0
          for (let i = 0; i < parts.length; i++) sum += parts[i]! * line[(left + i) * channels + c]!
          pixels[to++] = Math.round(sum)
        }
      }
    }
  }
  return { count, width, height, channels, pixels }
}
