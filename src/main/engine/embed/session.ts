import { counted } from '../../../shared/words.ts'
import type { Encoder } from '../../../shared/embeddings.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { openSession } from '../export/onnxruntime.ts'
import { feeder } from './feed.ts'
import { refusal, saidBy } from './refusal.ts'

/** An encoder that is ready. */
export interface OpenEncoder {
  readonly encoder: Encoder
  /** Values of a code; known after the first images. */
  readonly codeSize: number | null
  /** Packed rows -> codes [count, codeSize]. @throws WorkbenchError FILE_UNSUPPORTED where the file does not do what it declares */
  encode(rows: Uint8Array | Float32Array, count: number): Promise<Float32Array>
  close(): Promise<void>
}

/** Loads an encoder, on all cores. @throws WorkbenchError FILE_UNSUPPORTED, FILE_DAMAGED */
export async function openEncoder(path: string, encoder: Encoder): Promise<OpenEncoder> {
  const session = await openSession(path).catch((thrown: unknown) => {
    throw refusal(path, encoder, thrown)
  })
  const feed = feeder(encoder)
  const {
    input: { name, batch, width, height, channels },
    output,
  } = encoder
  const rowSize = width * height * channels
  let codeSize = encoder.codeSize

  const once = async (rows: Uint8Array | Float32Array, count: number): Promise<Float32Array> => {
    let found
    try {
      found = (await session.run({ [name]: feed(rows, count) }, [output]))[output]
    } catch (cause) {
      throw new WorkbenchError(
        'FILE_UNSUPPORTED',
        `${path} failed on ${counted(count, 'image')} (${saidBy(cause)}); export it again, or choose another encoder.`,
        { field: 'model', cause },
      )
    }
    const size = (found?.data.length ?? 0) / count
    if (
      found === undefined ||
      !(found.data instanceof Float32Array) ||
      found.shape[0] !== count ||
      !Number.isInteger(size) ||
      size < 1 ||
      (codeSize !== null && size !== codeSize)
    ) {
      throw new WorkbenchError(
        'FILE_UNSUPPORTED',
        `${path} gives ${output} of shape [${found?.shape.join(', ') ?? ''}] for ${count} ` +
          `${count === 1 ? 'image' : 'images'}, which are not as many codes of one size; choose another output ` +
          'or encoder.',
        { field: 'output' },
      )
    }
    codeSize = size
    return found.data
  }

  return {
    encoder,
    get codeSize() {
      return codeSize
    },
    async encode(rows, count) {
      if (batch === null) return once(rows, count)
      // A file for a fixed number of images: the last ones are filled up.
      const parts: Float32Array[] = []
      for (let start = 0; start < count; start += batch) {
        const here = Math.min(batch, count - start)
        const part = rows.slice(start * rowSize, (start + here) * rowSize)
        const full =
          here === batch ? part : rows instanceof Uint8Array ? new Uint8Array(batch * rowSize) : new Float32Array(batch * rowSize)
        if (full !== part) full.set(part)
        parts.push((await once(full, batch)).subarray(0, here * codeSize!))
      }
      const codes = new Float32Array(count * codeSize!)
      parts.reduce((at, part) => {
        codes.set(part, at)
        return at + part.length
      }, 0)
      return codes
    },
    close: () => session.close(),
  }
}
