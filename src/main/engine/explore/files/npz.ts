import { zipSync } from 'fflate'
import { npyArray, npyTexts, type NamedArray } from '../../files/npy.ts'

/** Arrays as NumPy's npz archive, which `numpy.load` opens. `texts` are arrays of one string. */
export function encodeNpz(
  arrays: Readonly<Record<string, NamedArray>>,
  texts: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const members = [
    ...Object.entries(arrays).map(([name, array]) => [`${name}.npy`, npyArray(array)]),
    ...Object.entries(texts).map(([name, text]) => [`${name}.npy`, npyTexts([text], [])]),
  ]
  return Uint8Array.from(zipSync(Object.fromEntries(members), { level: 6 }))
}
