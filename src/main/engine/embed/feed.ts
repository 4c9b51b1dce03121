import type { Encoder } from '../../../shared/embeddings.ts'
import type { RuntimeTensor } from '../export/onnxruntime.ts'

/** Mean and deviation of ImageNet's channels, for pixels from 0 to 1: what torchvision's models were trained with. */
const imagenet = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] }

/** What each byte becomes, by channel. */
function tablesOf({ scale, channels }: Encoder['input']): Float32Array[] {
  const table = (channel: number) =>
    Float32Array.from({ length: 256 }, (_, byte) => {
      if (scale === 'bytes') return byte
      if (scale === 'unit') return byte / 255
      if (scale === 'signed') return byte / 127.5 - 1
      return (byte / 255 - imagenet.mean[channel]!) / imagenet.deviation[channel]!
    })
  return Array.from({ length: channels }, (_, channel) => table(channel))
}

/** Packed rows, as the data folder of the engine packs them (uint8 [H, W, C], or float32 vectors), as an encoder's input takes them. */
export function feeder({ input }: Pick<Encoder, 'input'>): (rows: Uint8Array | Float32Array, count: number) => RuntimeTensor {
  const { type, layout, width, height, channels, bgr } = input
  const plane = width * height,
    size = plane * channels
  const shape = (count: number) =>
    ({
      NHWC: [count, height, width, channels],
      NCHW: [count, channels, height, width],
      NHW: [count, height, width],
      ND: [count, size],
    })[layout]
  const planar = layout === 'NCHW' && channels > 1
  const swapped = bgr && channels === 3
  const tables = tablesOf(input)
  return (rows, count) => {
    if (rows instanceof Float32Array) return { type, shape: shape(count), data: rows }
    if (type === 'uint8' && !planar && !swapped) return { type, shape: shape(count), data: rows }
    const data = type === 'uint8' ? new Uint8Array(count * size) : new Float32Array(count * size)
    for (let image = 0; image < count; image++) {
      const from = image * size
      for (let channel = 0; channel < channels; channel++) {
        const source = swapped ? 2 - channel : channel
        const table = tables[channel]!
        for (let pixel = 0, at = from + source; pixel < plane; pixel++, at += channels) {
          const byte = rows[at]!
          data[planar ? from + channel * plane + pixel : from + pixel * channels + channel] = type === 'uint8' ? byte : table[byte]!
        }
      }
    }
    return { type, shape: shape(count), data }
  }
}
