/** NumPy's array format (NEP 1, version 1.0), as everything here that writes arrays writes it. */

/** Bytes of a header of up to eight sizes or so; what is longer grows by 64, as NumPy's do. */
export const npyHeaderBytes = 128

export interface NamedArray {
  shape: readonly number[]
  data: Uint8Array | Int32Array | Float32Array | Float64Array
}

/** @param descr e.g. `<f4` */
export function npyHeader(descr: string, shape: readonly number[]): Buffer {
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`
  const bytes = Math.max(npyHeaderBytes, Math.ceil((text.length + 11) / 64) * 64)
  const header = Buffer.from(`\x93NUMPY\x01\0\0\0${text.padEnd(bytes - 11)}\n`, 'latin1')
  header.writeUInt16LE(header.length - 10, 8)
  return header
}

/** A whole file of numbers. */
export function npyArray({ shape, data }: NamedArray): Buffer {
  const descr =
    data instanceof Uint8Array ? '|u1' : data instanceof Int32Array ? '<i4' : data instanceof Float32Array ? '<f4' : '<f8'
  return Buffer.concat([npyHeader(descr, shape), new Uint8Array(data.buffer, data.byteOffset, data.byteLength)])
}

/** A whole file of texts, as NumPy keeps them: as many characters of UTF-32 each as the longest one has. */
export function npyTexts(texts: readonly string[], shape: readonly number[]): Buffer {
  const points = texts.map((text) => Array.from(text, (character) => character.codePointAt(0)!))
  const width = points.reduce((most, each) => Math.max(most, each.length), 1)
  const values = new Uint32Array(texts.length * width)
  points.forEach((each, index) => values.set(each, index * width))
  return Buffer.concat([npyHeader(`<U${width}`, shape), Buffer.from(values.buffer)])
}
