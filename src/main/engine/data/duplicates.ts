import { hashBytes } from './row-hash.ts'

/**
 * For every row the first row with the same content (itself, where there is none before).
 * @param hashes 16 bytes a row, as `hashRows` makes them; an open-addressing table keeps even millions of rows off the heap.
 */
export function firstIdentical(hashes: Uint8Array, count: number): Uint32Array {
  const words = new Uint32Array(hashes.buffer, hashes.byteOffset, (count * hashBytes) / 4)
  const first = new Uint32Array(count)
  const mask = 2 ** Math.ceil(Math.log2(Math.max(2, count * 2))) - 1
  // Row number + 1; 0 is free.
  const table = new Uint32Array(mask + 1)
  for (let row = 0; row < count; row++) {
    const at = row * 4
    for (let slot = words[at]! & mask; ; slot = (slot + 1) & mask) {
      const other = table[slot]!
      if (other === 0) {
        table[slot] = row + 1
        first[row] = row
        break
      }
      const with_ = (other - 1) * 4
      if (
        words[at] === words[with_] &&
        words[at + 1] === words[with_ + 1] &&
        words[at + 2] === words[with_ + 2] &&
        words[at + 3] === words[with_ + 3]
      ) {
        first[row] = other - 1
        break
      }
    }
  }
  return first
}

/**
 * Puts all copies of an image on one side of a split that was drawn, in place: each group that is on both sides goes to the side that
 * keeps its class's share of test images closest to what was drawn, largest groups first.
 * @param test 1 for rows of the test split.
 * @param rows those that may change sides; by default all.
 * @returns how many rows changed sides.
 */
export function keepCopiesTogether(test: Uint8Array, first: Uint32Array, labels: Int32Array | null, rows?: Uint32Array): number {
  // Bit 1: a copy is in training; bit 2: a copy is in the test split. By the first row of each group.
  const sides = new Uint8Array(first.length)
  for (const row of rows ?? test.keys()) sides[first[row]!]! |= 1 << test[row]!
  const groups = new Map<number, number[]>()
  for (const row of rows ?? test.keys()) {
    if (sides[first[row]!] !== 3) continue
    const group = groups.get(first[row]!)
    if (group) group.push(row)
    else groups.set(first[row]!, [row])
  }
  const divided = [...groups.values()]
  divided.sort((a, b) => b.length - a.length || a[0]! - b[0]!)
  const classOf = (row: number) => labels?.[row] ?? 0
  // Test rows a class has less than it was drawn, while the groups in question are on neither side.
  const missing = new Map<number, number>()
  for (const rows of divided) for (const row of rows) missing.set(classOf(row), (missing.get(classOf(row)) ?? 0) + test[row]!)
  let moved = 0
  for (const rows of divided) {
    const label = classOf(rows[0]!),
      room = missing.get(label) ?? 0
    const side = Math.abs(room - rows.length) <= Math.abs(room) ? 1 : 0
    if (side === 1) missing.set(label, room - rows.length)
    for (const row of rows) {
      if (test[row] === side) continue
      test[row] = side
      moved++
    }
  }
  return moved
}
