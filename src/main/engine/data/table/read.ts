import { readFile, stat } from 'node:fs/promises'
import { WorkbenchError } from '../../../../shared/errors.ts'
import { thousands } from '../../../../shared/words.ts'

const fileLimit = 256 * 2 ** 20
const mostColumns = 1000
/** Rows by which a table's delimiter is found. */
const triedRows = 50

/** A text table whose rows can be gone through again and again. */
export interface Table {
  path: string
  rows(): Generator<string[]>
  /** The text is not UTF-8 and was read as Windows-1252. */
  foreign: boolean
}

const refuse = (path: string, why: string, cause?: unknown) =>
  new WorkbenchError('FILE_UNSUPPORTED', `The table ${path} ${why}`, { field: 'labels', cause })

/**
 * Opens a table of commas, semicolons, tabs, bars or spaces, whichever makes columns of it.
 * @throws WorkbenchError PATH_MISSING, PATH_UNREADABLE, FILE_UNSUPPORTED
 */
export async function openTable(path: string): Promise<Table> {
  let bytes: Buffer
  try {
    const { size } = await stat(path).then((found) =>
      found.isFile() ? found : Promise.reject(Object.assign(new Error('no file'), { code: 'EISDIR' })),
    )
    if (size > fileLimit) throw refuse(path, 'has more than 256 MB; give one with the columns that are needed.')
    bytes = await readFile(path)
  } catch (cause) {
    if (cause instanceof WorkbenchError) throw cause
    const code = (cause as { code?: string }).code
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new WorkbenchError('PATH_MISSING', `There is no table at ${path}; check the path, or say folders, names or none.`, {
        field: 'labels',
        cause,
      })
    if (code === 'EISDIR') throw refuse(path, 'is not a file; give a table as CSV, or say folders, names or none.', cause)
    throw new WorkbenchError('PATH_UNREADABLE', `The table ${path} cannot be read; allow reading it, or give another one.`, {
      field: 'labels',
      cause,
    })
  }
  const { text, foreign } = decode(bytes)
  if (text.includes('\0')) throw refuse(path, 'is not text; save it as CSV and give that.')
  if (text.trim() === '') throw refuse(path, 'is empty.')
  const delimiter = delimiterOf(text)
  return {
    path,
    foreign,
    *rows() {
      for (const row of parse(text, delimiter)) {
        if (row.length > mostColumns) {
          throw refuse(path, `has more than ${thousands(mostColumns)} columns; give one with the columns that are needed.`)
        }
        if (row.length > 1 || row[0]!.trim() !== '') yield row
      }
    },
  }
}

/** By its byte-order mark, else UTF-8, else what Windows writes. */
function decode(bytes: Buffer): { text: string; foreign: boolean } {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { text: new TextDecoder('utf-16le').decode(bytes), foreign: false }
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { text: new TextDecoder('utf-16be').decode(bytes), foreign: false }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), foreign: false }
  } catch {
    return { text: new TextDecoder('windows-1252').decode(bytes), foreign: true }
  }
}

/** The delimiter by which most rows have the same number of columns, and that more than one. */
function delimiterOf(text: string): string {
  let best = ',',
    most = 0
  for (const delimiter of [',', ';', '\t', '|', ' ']) {
    const counts = new Map<number, number>()
    let rows = 0
    for (const row of parse(text, delimiter)) {
      if (row.length === 1 && row[0]!.trim() === '') continue
      counts.set(row.length, (counts.get(row.length) ?? 0) + 1)
      if (++rows === triedRows) break
    }
    const [columns, agreeing] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [1, 0]
    if (columns > 1 && agreeing > most) [best, most] = [delimiter, agreeing]
  }
  return best
}

/** Rows of a text (RFC 4180): quoted cells may hold delimiters, line ends and doubled quotes. Spaces as delimiters count once. */
function* parse(text: string, delimiter: string): Generator<string[]> {
  let at = 0
  const end = text.length
  while (at < end) {
    const row: string[] = []
    for (;;) {
      if (delimiter === ' ') while (text[at] === ' ') at++
      let cell = ''
      if (text[at] === '"') {
        for (at++; ;) {
          const close = text.indexOf('"', at)
          if (close < 0) {
            cell += text.slice(at)
            at = end
            break
          }
          cell += text.slice(at, close)
          at = close + 1
          if (text[at] !== '"') break
          cell += '"'
          at++
        }
        while (at < end && text[at] !== delimiter && text[at] !== '\n' && text[at] !== '\r') cell += text[at++]
      } else {
        const from = at
        while (at < end && text[at] !== delimiter && text[at] !== '\n' && text[at] !== '\r') at++
        cell = text.slice(from, at)
      }
      row.push(cell)
      if (text[at] !== delimiter) break
      at++
      if (at === end) row.push('')
    }
    if (delimiter === ' ' && row.at(-1) === '' && row.length > 1) row.pop()
    if (text[at] === '\r') at++
    if (text[at] === '\n') at++
    yield row
  }
}
