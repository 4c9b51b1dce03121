import { zipSync } from 'fflate'

export interface NamedArray {
  shape: readonly number[]
  data: Uint8Array | Int32Array | Float32Array | Float64Array
}

/** Arrays as NumPy's npz archive (NEP 1), which `numpy.load` opens. `texts` are arrays of one string. */
export function encodeNpz(
  arrays: Readonly<Record<string, NamedArray>>,
  texts: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const members: Record<string, Uint8Array> = {}
  for (const [name, { shape, data }] of Object.entries(arrays)) {
    const descr =
      data instanceof Uint8Array ? '|u1' : data instanceof Int32Array ? '<i4' : data instanceof Float32Array ? '<f4' : '<f8'
    members[`${name}.npy`] = npy(descr, shape, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  for (const [name, text] of Object.entries(texts)) {
    const characters = [...text],
      codes = Uint32Array.from(characters, (character) => character.codePointAt(0)!)
    members[`${name}.npy`] = npy(
      `<U${Math.max(1, characters.length)}`,
      [],
      codes.length > 0 ? new Uint8Array(codes.buffer) : new Uint8Array(4),
    )
  }
  return Uint8Array.from(zipSync(members, { level: 6 }))
}

function npy(descr: string, shape: readonly number[], bytes: Uint8Array): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`
  const header = Buffer.from(`\x93NUMPY\x01\0\0\0${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`, 'latin1')
  header.writeUInt16LE(header.length - 10, 8)
  return Buffer.concat([header, bytes])
}
