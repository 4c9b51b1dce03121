import { atMost, type Limits } from './limits.ts'

/**
 * Goes through a MessagePack message without making any of its values. Only what the codec writes is let through: nil, booleans,
 * numbers, strings, bytes, lists, maps with names as keys, and as extensions undefined, typed arrays, and references to earlier values.
 * Every declared length is compared with the bytes that are left, and a reference counts as much as what it stands for.
 */

/** Extensions of the codec: `undefined`, a typed array, the value that follows gets an id, a value that had one. */
const extension = { nothing: 0, typedArray: 0x74, identified: 0x69, reference: 0x70 } as const

interface Size {
  values: number
  names: number
  height: number
}

/** @throws LimitError for what is more than allowed; RangeError or TypeError for bytes that are not one whole message of the codec */
export function scanMessage(bytes: Uint8Array, limits: Limits): void {
  atMost(bytes.length, limits.bytes, 'bytes')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const identified = new Map<number, Size | null>()
  let at = 0,
    values = 0,
    names = 0,
    binary = 0

  const skip = (length: number): void => {
    if (length > bytes.length - at) throw new RangeError('it ends too early')
    at += length
  }
  const announce = (count: number, bytesEach: number): void => {
    // Before the loop: what is announced is what a reader allocates.
    if (count * bytesEach > bytes.length - at) throw new RangeError('it announces more than it has')
    atMost(values + count, limits.values, 'values')
  }
  const blob = (length: number): number => {
    skip(length)
    atMost((binary += length), limits.binary, 'bytes of typed arrays')
    return 0
  }
  const list = (count: number, depth: number): number => {
    announce(count, 1)
    let height = 0
    for (let i = 0; i < count; i++) height = Math.max(height, value(depth + 1))
    return height + 1
  }
  const map = (count: number, depth: number): number => {
    announce(count, 2)
    atMost((names += count), limits.names, 'names')
    let height = 0
    for (let i = 0; i < count; i++) {
      key()
      height = Math.max(height, value(depth + 1))
    }
    return height + 1
  }
  const key = (): void => {
    const token = bytes[at]!
    if (token >= 0xa0 && token <= 0xbf) return skip(1 + token - 0xa0)
    if (token < 0xd9 || token > 0xdb) throw new TypeError('a name in it is not text')
    value(0)
    values -= 1
  }
  const extended = (type: number, length: number, depth: number): number => {
    if (type === extension.nothing) return (skip(length), 0)
    if (type === extension.typedArray) return blob(length)
    if (length !== 4 || (type !== extension.identified && type !== extension.reference))
      throw new TypeError('it holds an extension that is not known')
    const id = view.getUint32(at)
    at += 4
    if (type === extension.identified) {
      if (identified.has(id)) throw new TypeError('it names two values alike')
      // Until it is whole, nothing within may refer to it: no value here holds itself.
      identified.set(id, null)
      const before = { values, names }
      const height = value(depth)
      identified.set(id, { values: values - before.values, names: names - before.names, height })
      return height
    }
    const meant = identified.get(id)
    if (!meant) throw new TypeError('it refers to nothing')
    atMost((values += meant.values), limits.values, 'values')
    atMost((names += meant.names), limits.names, 'names')
    atMost(depth + meant.height, limits.depth, 'levels')
    return meant.height
  }
  /** Goes over one value; gives back how many levels it has. */
  const value = (depth: number): number => {
    atMost(depth, limits.depth, 'levels')
    atMost((values += 1), limits.values, 'values')
    if (at >= bytes.length) throw new RangeError('it ends too early')
    const token = bytes[at++]!
    if (token < 0x80 || token >= 0xe0) return 0
    if (token < 0x90) return map(token - 0x80, depth)
    if (token < 0xa0) return list(token - 0x90, depth)
    if (token < 0xc0) return (skip(token - 0xa0), 0)
    const lengthOf = (size: 1 | 2 | 4): number => {
      const from = at
      skip(size)
      return size === 1 ? view.getUint8(from) : size === 2 ? view.getUint16(from) : view.getUint32(from)
    }
    const extensionOf = (length: number): number => extended(lengthOf(1), length, depth)
    switch (token) {
      case 0xc0:
      case 0xc2:
      case 0xc3:
        return 0
      case 0xc4:
        return blob(lengthOf(1))
      case 0xc5:
        return blob(lengthOf(2))
      case 0xc6:
        return blob(lengthOf(4))
      case 0xc7:
        return extensionOf(lengthOf(1))
      case 0xc8:
        return extensionOf(lengthOf(2))
      case 0xc9:
        return extensionOf(lengthOf(4))
      case 0xca:
      case 0xce:
      case 0xd2:
        return (skip(4), 0)
      case 0xcb:
      case 0xcf:
      case 0xd3:
        return (skip(8), 0)
      case 0xcc:
      case 0xd0:
        return (skip(1), 0)
      case 0xcd:
      case 0xd1:
        return (skip(2), 0)
      case 0xd4:
        return extensionOf(1)
      case 0xd5:
        return extensionOf(2)
      case 0xd6:
        return extensionOf(4)
      case 0xd7:
        return extensionOf(8)
      case 0xd8:
        return extensionOf(16)
      case 0xd9:
        return (skip(lengthOf(1)), 0)
      case 0xda:
        return (skip(lengthOf(2)), 0)
      case 0xdb:
        return (skip(lengthOf(4)), 0)
      case 0xdc:
        return list(lengthOf(2), depth)
      case 0xdd:
        return list(lengthOf(4), depth)
      case 0xde:
        return map(lengthOf(2), depth)
      case 0xdf:
        return map(lengthOf(4), depth)
      default:
        throw new TypeError('it holds a byte that begins no value')
    }
  }

  value(0)
  if (at !== bytes.length) throw new RangeError('it goes on after its end')
}
