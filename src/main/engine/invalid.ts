import type { z } from 'zod'
import { calls, type CallName } from '../../shared/calls.ts'
import { WorkbenchError } from '../../shared/errors.ts'
import { nearest } from './suggestion.ts'

/** Inputs of a call that are settings of a run: people meet them, so they get a sentence of their own. */
const settings = new Set(['seed', 'settings'])

/** What a call's schema found wrong, as one sentence that names the argument. */
export function invalidInput(name: CallName, input: unknown, error: z.ZodError): WorkbenchError {
  const issue = inside(error.issues[0]!)
  const field = issue.path.join('.')
  const value = issue.path.reduce<unknown>((at, part) => (at as Record<PropertyKey, unknown> | null | undefined)?.[part], input)
  // A schema that knows the remedy says it in a whole sentence.
  const message = /^[A-Z].*\.$/.test(issue.message)
    ? issue.message
    : issue.code === 'unrecognized_keys'
      ? unknownKeys(name, issue.path, issue.keys)
      : `${field === '' ? name : placeOf(name, issue.path)} is not valid (${plain(issue.message)}; ${shownOf(value)}); ` +
        'correct it and try again.'
  const isSetting = settings.has(String(issue.path[0]))
  return new WorkbenchError(isSetting ? 'SETTING_INVALID' : 'CALL_INVALID', message, field === '' ? {} : { field })
}

/** Of what may be one of several forms: what is wrong in the form that was meant, as an unknown key or a place within it tells. */
function inside(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue
  const within = issue.errors
    .flatMap((all) => all.slice(0, 1))
    .map((each) => inside({ ...each, path: [...issue.path, ...each.path] }))
  return (
    within.find(({ code }) => code === 'unrecognized_keys') ?? within.find(({ path }) => path.length > issue.path.length) ?? issue
  )
}

/** What people write themselves, in a file: they know it, and not the call that takes it. */
const documents = new Map([['plan', 'the plan']])

/** `“seeds” of the plan`, `“run” of runs.show`; of the second variant of a plan `“sweep” of variants, the 2nd one, of the plan`. */
function placeOf(name: CallName, path: readonly PropertyKey[]): string {
  const document = documents.get(String(path[0]))
  const inside = document === undefined ? path : path.slice(1)
  return inside.length === 0 ? (document ?? name) : `“${inside.join('.')}” of ${document ?? name}`
}

function unknownKeys(name: CallName, path: readonly PropertyKey[], keys: readonly string[]): string {
  const known = keysAt(calls[name].input, path)
  const [key = ''] = keys
  const near = nearest(key, known)
  const choice = near === null ? `it takes ${known.join(', ')}` : `did you mean “${near}”?`
  const shown = key.slice(0, 80)
  const place = placeOf(name, path)
  return `There is no “${shown}” in ${place}; ${choice}${choice.endsWith('?') ? '' : '.'}`
}

/** What is looked at of a schema: what it consists of, whatever its kind. */
interface Parts {
  shape?: Record<string, z.ZodType>
  options?: z.ZodType[]
  element?: z.ZodType
  innerType?: z.ZodType
  valueType?: z.ZodType
  in?: z.ZodType
}

/** The keys that a schema takes at a place. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const { shape, options, element, innerType, valueType, in: before } = schema.def as unknown as Parts
  if (options) return options.flatMap((each) => keysAt(each, path))
  const wrapped = innerType ?? before
  if (wrapped) return keysAt(wrapped, path)
  const [first, ...rest] = path
  if (first === undefined) return shape ? Object.keys(shape) : []
  const next = shape?.[String(first)] ?? element ?? valueType
  return next === undefined ? [] : keysAt(next, rest)
}

/** A value in a sentence: what is short as it is, of the rest what it is. */
function shownOf(value: unknown): string {
  if (value === undefined) return 'nothing was given'
  if (Array.isArray(value)) return `${value.length === 0 ? 'an empty' : 'a'} list was given`
  if (typeof value === 'object' && value !== null) return 'an object was given'
  return `${JSON.stringify(value)?.slice(0, 80) ?? String(value)} was given`
}

const plain = (message: string): string => message.replace(/"([^"]*)"/g, '“$1”')
