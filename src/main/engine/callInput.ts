import type { CallName } from '../../shared/calls.ts'
import { WorkbenchError } from '../../shared/errors.ts'

/** Where calls take typed arrays: values of an image, places to decode, and where a chain ended. */
const withBytes: ReadonlySet<CallName> = new Set(['explore', 'explore.file', 'embeddings.explore'])
const bytesAt: ReadonlySet<string> = new Set(['values', 'last', 'coordinates'])

/**
 * Refuses typed arrays where no call takes any. A schema of an object would go over one as over an object with as many names as it
 * has bytes, and so would everything that writes a value as text.
 * @throws WorkbenchError CALL_INVALID
 */
export function refuseBytes(name: CallName, input: unknown): void {
  const found = bytesIn(input, withBytes.has(name), '')
  if (found === null) return
  throw new WorkbenchError(
    'CALL_INVALID', `${found === '' ? name : `“${found}” of ${name}`} holds bytes, which it does not take; correct it and try again.`,
    found === '' ? {} : { field: found },
  )
}

/** The place of a typed array that does not belong there; null where there is none. */
function bytesIn(value: unknown, taken: boolean, at: string): string | null {
  if (typeof value !== 'object' || value === null) return null
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return taken && bytesAt.has(at.slice(at.lastIndexOf('.') + 1)) ? null : at
  for (const [name, inner] of Array.isArray(value) ? value.entries() : Object.entries(value)) {
    const found = bytesIn(inner, taken, at === '' ? String(name) : `${at}.${String(name).slice(0, 100)}`)
    if (found !== null) return found
  }
  return null
}

const longestMessage = 4000
const longestField = 300

/** An error whose sentence does not give back everything that was sent: what was wrong may have had megabytes. */
export function shortened(error: WorkbenchError): WorkbenchError {
  const { code, message, field } = error
  if (message.length <= longestMessage && (field?.length ?? 0) <= longestField) return error
  const cut = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most / 2)} … ${text.slice(-most / 2)}`)
  return new WorkbenchError(
    code, cut(message, longestMessage), { ...(field === undefined ? {} : { field: cut(field, longestField) }), cause: error },
  )
}
