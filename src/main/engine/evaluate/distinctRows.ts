/**
 * The rows of a matrix that differ from each other, bit by bit, in order, and for each the rows that are equal to it, ascending; null
 * where hardly any are equal. Of codes that are the same for all images every pair would otherwise have to be measured.
 */
export function distinctRows(
  values: Float32Array,
  size: number,
): { values: Float32Array<ArrayBuffer>; members: Int32Array[] } | null {
  const count = values.length / size
  if (count * fewEqual < differentAtFewPlaces(values, size)) return null
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const slots = 2 ** Math.ceil(Math.log2(Math.max(2, 2 * count)))
  /** The first row of every kind by its hash, by open addressing; -1: none. */
  const table = new Int32Array(slots).fill(-1)
  const kinds = new Map<number, number[]>()
  for (let row = 0; row < count; row++) {
    let at = hashOf(bits, row * size, size) & (slots - 1)
    while (table[at]! >= 0 && !equal(bits, table[at]! * size, row * size, size)) at = (at + 1) & (slots - 1)
    if (table[at]! < 0) {
      table[at] = row
      kinds.set(row, [row])
    } else kinds.get(table[at]!)!.push(row)
  }
  if (kinds.size > fewEqual * count) return null
  const distinct = new Float32Array(kinds.size * size)
  let filled = 0
  for (const row of kinds.keys()) distinct.set(values.subarray(row * size, (row + 1) * size), filled++ * size)
  return { values: distinct, members: Array.from(kinds.values(), (rows) => Int32Array.from(rows)) }
}

/** With a larger share of rows that differ, looking at all of them costs less. */
const fewEqual = 0.9

/** At least how many rows differ: what is counted are hashes of a few of their values. */
function differentAtFewPlaces(values: Float32Array, size: number): number {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const step = Math.max(1, Math.floor(size / 61)),
    places = Math.ceil(size / step)
  const few = new Uint32Array(places)
  const hashes = new Uint32Array(values.length / size)
  for (let row = 0; row < hashes.length; row++) {
    for (let place = 0; place < places; place++) few[place] = bits[row * size + place * step]!
    hashes[row] = hashOf(few, 0, places)
  }
  hashes.sort()
  return hashes.reduce((different, hash, at) => different + (at === 0 || hash !== hashes[at - 1] ? 1 : 0), 0)
}

/** FNV-1a over 32-bit words, its bits mixed. */
function hashOf(bits: Uint32Array, from: number, size: number): number {
  let hash = 0x811c9dc5
  for (let i = from; i < from + size; i++) hash = Math.imul(hash ^ bits[i]!, 0x01000193) ^ (hash >>> 15)
  return (hash ^ (hash >>> 16)) >>> 0
}

function equal(bits: Uint32Array, a: number, b: number, size: number): boolean {
  for (let i = 0; i < size; i++) if (bits[a + i] !== bits[b + i]) return false
  return true
}
