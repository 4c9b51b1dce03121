import protobuf from 'protobufjs'
import { atMost } from '../../../shared/limits.ts'

/**
 * Goes through the bytes of a protobuf message without making any of it, and counts its fields: two bytes can be a whole message, and
 * every one of them becomes an object. Numbers that are packed into one field count one by one, bytes and texts once.
 * @throws LimitError for more fields or levels than are allowed; RangeError for bytes that are no message
 */
export function scanProtobuf(bytes: Uint8Array, type: protobuf.Type, limits: { values: number; depth: number }): void {
  let at = 0,
    values = 0

  const varint = (end: number): number => {
    let result = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= end) throw new RangeError('it ends too early')
      const byte = bytes[at++]!
      result += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return result
    }
    throw new RangeError('it holds a number that never ends')
  }
  const skip = (length: number, end: number): void => {
    if (length > end - at) throw new RangeError('it ends too early')
    at += length
  }
  /** How many numbers a packed field may hold at most, by its type. */
  const packed = (field: protobuf.Field | undefined, length: number): number => {
    if (!field?.repeated || !(field.type in protobuf.types.packed)) return 0
    return field.type === 'double' || field.type.includes('fixed64')
      ? length / 8
      : field.type === 'float' || field.type.includes('fixed32')
        ? length / 4
        : length
  }
  const message = (of: protobuf.Type, end: number, depth: number): void => {
    atMost(depth, limits.depth, 'levels')
    while (at < end) {
      const tag = varint(end)
      atMost((values += 1), limits.values, 'values')
      const field = of.fieldsById[Math.floor(tag / 8)]
      switch (tag % 8) {
        case 0:
          varint(end)
          break
        case 1:
          skip(8, end)
          break
        case 5:
          skip(4, end)
          break
        case 2: {
          const length = varint(end)
          if (length > end - at) throw new RangeError('it ends too early')
          const inner = field?.resolve().resolvedType
          if (inner instanceof protobuf.Type) message(inner, at + length, depth + 1)
          else {
            atMost((values += packed(field, length)), limits.values, 'values')
            at += length
          }
          break
        }
        // Groups, which ONNX has none of.
        default:
          throw new RangeError('it holds a field of a kind that is not known')
      }
    }
  }
  message(type, bytes.length, 1)
}
