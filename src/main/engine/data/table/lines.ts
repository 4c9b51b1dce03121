import { createGunzip } from 'node:zlib'
import { setImmediate } from 'node:timers/promises'
import { damagedFile, isGzip, readAt, readPieces, unsupportedFile } from '../byte-stream.ts'

/** Tables of numbers as text, line by line. */

const longestLine = 2 ** 23
export const mostColumns = 2 ** 20
const newline = 10,
  carriage = 13

export const separators = [',', ';', '\t'] as const

/** Calls `visit` with the bytes of each line that is not empty, and its number from 1, in blocks; ends early where it says false. */
export async function* linesOf(
  path: string,
  signal?: AbortSignal,
): AsyncGenerator<{ bytes: Buffer; from: number; to: number; line: number }[]> {
  const zipped = isGzip(await readAt(path, 0, 2))
  let rest: Buffer = Buffer.alloc(0),
    line = 0
  for await (const piece of readPieces(path, 0, Infinity, zipped ? createGunzip() : undefined)) {
    signal?.throwIfAborted()
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]),
      lines = []
    let from = 0
    for (let to = bytes.indexOf(newline); to >= 0; to = bytes.indexOf(newline, from)) {
      line++
      const end = trimmed(bytes, from, to)
      if (end > from) lines.push({ bytes, from: line === 1 ? afterMark(bytes, from) : from, to: end, line })
      from = to + 1
    }
    rest = Buffer.from(bytes.subarray(from))
    if (rest.length > longestLine)
      throw unsupportedFile(path, `has a line of more than ${longestLine} bytes, which is not a table of images.`)
    if (lines.length > 0) yield lines
    await setImmediate()
  }
  const end = trimmed(rest, 0, rest.length),
    start = line === 0 ? afterMark(rest, 0) : 0
  if (end > start) yield [{ bytes: rest, from: start, to: end, line: line + 1 }]
}

/** Some programs begin a text with a byte-order mark. */
const afterMark = (bytes: Buffer, from: number): number =>
  bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf ? from + 3 : from

function trimmed(bytes: Buffer, from: number, to: number): number {
  let end = to
  while (end > from && (bytes[end - 1] === carriage || bytes[end - 1] === 32)) end--
  return end
}

/** The cells of a line as texts, without quotation marks. */
export function cellsOf(bytes: Buffer, from: number, to: number, separator: number): string[] {
  return bytes.toString('utf8', from, to).split(String.fromCharCode(separator)).map(plain)
}

const plain = (cell: string): string => {
  const text = cell.trim()
  return text.startsWith('"') && text.endsWith('"') && text.length >= 2 ? text.slice(1, -1).trim() : text
}

/** A cell's number; NaN where it is none. */
export const numberOf = (text: string): number => (/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : NaN)

/**
 * The numbers of a line, into `out`; cells that are no numbers become NaN.
 * @returns how many cells there are; more than `out` has room for are counted only
 */
export function numbersOfLine(bytes: Buffer, from: number, to: number, separator: number, out: Float64Array): number {
  let column = 0
  for (let at = from; at <= to; at++, column++) {
    const start = at
    let value = 0,
      digits = true
    for (; at < to && bytes[at] !== separator; at++) {
      const digit = bytes[at]! - 48
      if (digit >= 0 && digit <= 9) value = value * 10 + digit
      else digits = false
    }
    if (column >= out.length) continue
    out[column] = digits && at > start && at - start <= 15 ? value : numberOf(plain(bytes.toString('latin1', start, at)))
  }
  return column
}

/** FILE_DAMAGED of a line. */
export const badLine = (path: string, line: number, what: string) => damagedFile(path, `line ${line} ${what}`)
