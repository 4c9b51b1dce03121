import { atMost, type Limits } from './limits.ts'

const quote = 0x22,
  backslash = 0x5c,
  comma = 0x2c,
  colon = 0x3a
const openList = 0x5b,
  closeList = 0x5d,
  openObject = 0x7b,
  closeObject = 0x7d

/** Whether a value of JSON is an object with names: no list, not null. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Reads JSON that somebody else wrote: its size, values, names and depth are compared with the limits before anything is made of it.
 * @throws LimitError for what is more than allowed, SyntaxError for what is no JSON
 */
export function parseJson(source: string | Uint8Array, limits: Limits): unknown {
  atMost(source.length, limits.bytes, 'bytes')
  const isText = typeof source === 'string'
  // Bytes beyond ASCII are no structure in UTF-8, so both are gone through alike.
  const code = isText ? (index: number) => source.charCodeAt(index) : (index: number) => source[index]!
  let values = 1,
    names = 0,
    depth = 0,
    within = false
  for (let at = 0; at < source.length; at++) {
    const char = code(at)
    if (within) {
      if (char === backslash) at += 1
      else if (char === quote) within = false
    } else if (char === quote) within = true
    else if (char === comma) atMost((values += 1), limits.values, 'values')
    else if (char === colon) atMost((names += 1), limits.names, 'names')
    else if (char === openList || char === openObject) {
      atMost((values += 1), limits.values, 'values')
      atMost((depth += 1), limits.depth, 'levels')
    } else if (char === closeList || char === closeObject) depth -= 1
  }
  return JSON.parse((isText ? source : new TextDecoder().decode(source)).replace(/^\ufeff/, '')) as unknown
}
