import type { z } from 'zod'
import { calls, type CallName } from '../../shared/calls.ts'
import { WorkbenchError } from '../../shared/errors.ts'

/** What is looked at of a schema: what it consists of, whatever its kind. */
interface Parts {
  type: string
  shape?: Record<string, z.ZodType>
  options?: z.ZodType[]
  element?: z.ZodType
  innerType?: z.ZodType
}

/** Names under which a schema takes typed arrays. */
function namesOfBytes(schema: z.ZodType, name = ''): string[] {
  const { type, shape = {}, options = [], element, innerType } = schema.def as unknown as Parts
  if (type === 'custom') return [name]
  const inner = [...options, element, innerType].filter((each) => each !== undefined)
  return [
    ...inner.flatMap((each) => namesOfBytes(each, name)),
    ...Object.entries(shape).flatMap(([key, each]) => namesOfBytes(each, key)),
  ]
}

/** Where each call takes typed arrays, found out when it is first asked for. */
const known = new Map<CallName, ReadonlySet<string>>()
function bytesOf(name: CallName): ReadonlySet<string> {
  let names = known.get(name)
  if (names === undefined) known.set(name, (names = new Set(namesOfBytes(calls[name].input))))
  return names
}

/**
 * Refuses typed arrays where no call takes any. A schema of an object would go over one as over an object with as many names as it
 * has bytes, and so would everything that writes a value as text.
 * @throws WorkbenchError CALL_INVALID
 */
export function refuseBytes(name: CallName, input: unknown): void {
  const found = bytesIn(input, name, '')
  if (found === null) return
  throw new WorkbenchError(
    'CALL_INVALID',
    `${found === '' ? name : `“${found}” of ${name}`} holds bytes, which it does not take; correct it and try again.`,
    found === '' ? {} : { field: found },
  )
}

/** The place of a typed array that does not belong there; null where there is none. */
function bytesIn(value: unknown, call: CallName, at: string): string | null {
  if (typeof value !== 'object' || value === null) return null
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
    return bytesOf(call).has(at.slice(at.lastIndexOf('.') + 1)) ? null : at
  for (const [name, inner] of Array.isArray(value) ? value.entries() : Object.entries(value)) {
    const found = bytesIn(inner, call, at === '' ? String(name) : `${at}.${String(name).slice(0, 100)}`)
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
  const cut = (text: string, most: number): string =>
    text.length <= most ? text : `${text.slice(0, most / 2)} … ${text.slice(-most / 2)}`
  return new WorkbenchError(code, cut(message, longestMessage), {
    ...(field === undefined ? {} : { field: cut(field, longestField) }),
    cause: error,
  })
}
