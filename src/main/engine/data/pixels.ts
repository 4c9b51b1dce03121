/**
 * One way from decoded pixels to a packed row, whichever decoder they come from: alpha over white, gray by ITU-R BT.601 as
 * in Pillow, then crop, pad or stretch. Resampling is Pillow's and torchvision's antialiased bilinear filter (a triangle as
 * wide as the shrinking asks for: nothing between source pixels is left out, and enlarging is plain bilinear), in the same
 * fixed-point arithmetic as Pillow: `Image.resize(size, BILINEAR)`, `ImageOps.fit` and `ImageOps.pad` (black) agree within
 * one level of 255, and mostly exactly. An image that has the wanted size already is copied unchanged.
 */
export interface Picture {
  /** Values 0..255, [height, width, channels]. */
  data: ArrayLike<number>
  width: number
  height: number
  /** 1 gray, 2 gray and alpha, 3 colour, 4 colour and alpha. */
  channels: number
}
export interface Size {
  width: number
  height: number
}
export interface Shape extends Size {
  channels: 1 | 3
  fit: 'crop' | 'pad' | 'stretch'
}

/** How much of an image cropping keeps, in its own pixels, which need not be whole. */
export function keptBy({ width, height }: Size, shape: Size): Size {
  const wanted = shape.width / shape.height,
    has = width / height
  return { width: has > wanted ? wanted * height : width, height: has < wanted ? width / wanted : height }
}

/** How much of a stored image padding fills; the rest is black. */
export function filledBy({ width, height }: Size, shape: Size): Size {
  const wanted = shape.width / shape.height,
    has = width / height
  return {
    width: has < wanted ? Math.max(1, roundEven((width / height) * shape.height)) : shape.width,
    height: has > wanted ? Math.max(1, roundEven((height / width) * shape.width)) : shape.height,
  }
}

/** Writes `picture` as one row of `shape` into `out` at `offset`. */
export function packRow(picture: Picture, shape: Shape, out: Uint8Array, offset: number): void {
  const { width, height, channels } = shape
  if (picture.width === width && picture.height === height) {
    flatten(picture, channels, out, offset)
    return
  }
  let flat = picture.data
  if (!(flat instanceof Uint8Array) || picture.channels !== channels) {
    flat = new Uint8Array(picture.width * picture.height * channels)
    flatten(picture, channels, flat as Uint8Array, 0)
  }
  const source = { data: flat as Uint8Array, width: picture.width, height: picture.height }
  if (shape.fit === 'stretch') {
    out.set(resample(source, channels, [0, 0, source.width, source.height], width, height), offset)
  } else if (shape.fit === 'crop') {
    const { width: w, height: h } = keptBy(source, shape)
    const x = (source.width - w) / 2,
      y = (source.height - h) / 2
    out.set(resample(source, channels, [x, y, x + w, y + h].map(Math.fround) as Box, width, height), offset)
  } else {
    const { width: w, height: h } = filledBy(source, shape)
    const small = resample(source, channels, [0, 0, source.width, source.height], w, h)
    const left = roundEven((width - w) / 2),
      top = roundEven((height - h) / 2)
    out.fill(0, offset, offset + width * height * channels)
    for (let y = 0; y < h; y++) {
      out.set(small.subarray(y * w * channels, (y + 1) * w * channels), offset + ((top + y) * width + left) * channels)
    }
  }
}

/** Python's `round`: halves go to the even neighbour. */
function roundEven(x: number): number {
  const floor = Math.floor(x),
    half = x - floor
  return half < 0.5 || (half === 0.5 && floor % 2 === 0) ? floor : floor + 1
}

const over = (value: number, alpha: number) => ((value * alpha + 255 * (255 - alpha)) / 255 + 0.5) | 0
const gray = (r: number, g: number, b: number) => (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16

/** Alpha over white, then the wanted number of channels. */
function flatten(picture: Picture, wanted: 1 | 3, out: Uint8Array, offset: number): void {
  const { data, channels } = picture
  const pixels = picture.width * picture.height
  if (channels === wanted) {
    out.set(data, offset)
    return
  }
  for (let i = 0, at = 0, to = offset; i < pixels; i++, at += channels) {
    let r = data[at]!,
      g = r,
      b = r
    if (channels >= 3) {
      g = data[at + 1]!
      b = data[at + 2]!
    }
    if (channels === 2 || channels === 4) {
      const alpha = data[at + channels - 1]!
      if (alpha < 255) {
        r = over(r, alpha)
        g = over(g, alpha)
        b = over(b, alpha)
      }
    }
    if (wanted === 1) {
      out[to++] = channels <= 2 ? r : gray(r, g, b)
    } else {
      out[to++] = r
      out[to++] = g
      out[to++] = b
    }
  }
}

const precision = 22

/** For every output position: where its window begins, its length and its fixed-point weights. */
function windows(from: number, to: number, inputs: number, outputs: number) {
  const scale = (to - from) / outputs
  const support = Math.max(scale, 1)
  const most = Math.ceil(support) * 2 + 1
  const starts = new Int32Array(outputs),
    lengths = new Int32Array(outputs),
    weights = new Int32Array(outputs * most)
  const raw = new Float64Array(most)
  for (let i = 0; i < outputs; i++) {
    const centre = from + (i + 0.5) * scale
    const first = Math.max(0, Math.trunc(centre - support + 0.5)),
      last = Math.min(inputs, Math.trunc(centre + support + 0.5))
    let sum = 0
    for (let x = first; x < last; x++) {
      const weight = Math.max(0, 1 - Math.abs((x - centre + 0.5) / support))
      raw[x - first] = weight
      sum += weight
    }
    starts[i] = first
    lengths[i] = last - first
    for (let x = 0; x < last - first; x++) weights[i * most + x] = Math.trunc(0.5 + (raw[x]! / sum) * 2 ** precision)
  }
  return { starts, lengths, weights, most }
}

const clip = (value: number) => {
  const v = value >> precision
  return v < 0 ? 0 : v > 255 ? 255 : v
}

type Box = [number, number, number, number]

/** Along rows first, then along columns; a direction in which nothing changes is left alone. */
function resample(
  source: { data: Uint8Array; width: number; height: number },
  channels: 1 | 3,
  box: Box,
  width: number,
  height: number,
): Uint8Array {
  let { data } = source
  const half = 1 << (precision - 1)
  let top = 0,
    rows = source.height
  const vertical =
    height !== source.height || box[1] !== 0 || box[3] !== height ? windows(box[1], box[3], source.height, height) : null
  if (width !== source.width || box[0] !== 0 || box[2] !== width) {
    const { starts, lengths, weights, most } = windows(box[0], box[2], source.width, width)
    // Only the rows that the second pass will read.
    if (vertical) {
      top = vertical.starts[0]!
      rows = vertical.starts[height - 1]! + vertical.lengths[height - 1]! - top
    }
    const wide = new Uint8Array(rows * width * channels)
    for (let y = 0, to = 0; y < rows; y++) {
      const line = (top + y) * source.width * channels
      for (let x = 0; x < width; x++) {
        let at = line + starts[x]! * channels,
          r = half,
          g = half,
          b = half
        const from = x * most,
          end = from + lengths[x]!
        if (channels === 1) {
          for (let k = from; k < end; k++) r += data[at++]! * weights[k]!
          wide[to++] = clip(r)
        } else {
          for (let k = from; k < end; k++, at += 3) {
            const weight = weights[k]!
            r += data[at]! * weight
            g += data[at + 1]! * weight
            b += data[at + 2]! * weight
          }
          wide[to++] = clip(r)
          wide[to++] = clip(g)
          wide[to++] = clip(b)
        }
      }
    }
    data = wide
  }
  if (!vertical) return data
  const { starts, lengths, weights, most } = vertical
  const line = width * channels
  const out = new Uint8Array(height * line)
  const sums = new Int32Array(line)
  for (let y = 0; y < height; y++) {
    sums.fill(half)
    for (let i = 0; i < lengths[y]!; i++) {
      const weight = weights[y * most + i]!
      for (let x = 0, at = (starts[y]! - top + i) * line; x < line; x++, at++) sums[x]! += data[at]! * weight
    }
    for (let x = 0; x < line; x++) out[y * line + x] = clip(sums[x]!)
  }
  return out
}
