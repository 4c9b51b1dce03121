import type { StoredStrings } from './npy.ts'

/** Texts that are held already as an array of them, for labels. */
export function textArray(texts: readonly string[], common: { file: string; name: string; shape?: number[] }): StoredStrings {
  const characters = texts.reduce((most, text) => Math.max(most, Buffer.byteLength(text)), 1)
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let from = 0; from < texts.length; from += 1000) {
      const some = texts.slice(from, from + 1000),
        bytes = Buffer.alloc(some.length * characters)
      some.forEach((text, i) => bytes.write(text, i * characters))
      yield bytes
    }
  }
  return { ...common, shape: common.shape ?? [texts.length], bigEndian: false, type: 'S', characters, pieces }
}

/** Numbers that are held already as an array of them. */
export function numberArray(values: Float64Array, common: { file: string; name: string }) {
  async function* pieces(): AsyncGenerator<Buffer> {
    yield Buffer.from(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  }
  return { ...common, shape: [values.length], bigEndian: false, type: 'f8' as const, pieces }
}
