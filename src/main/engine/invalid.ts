import type { z } from 'zod'
import type { CallName } from '../../shared/calls.ts'
import { WorkbenchError } from '../../shared/errors.ts'

/** Inputs of a call that are settings of a run: people meet them, so they get a sentence of their own. */
const settings = new Set(['seed', 'settings'])

/** What a call's schema found wrong, as one sentence that names the argument. */
export function invalidInput(name: CallName, input: unknown, error: z.ZodError): WorkbenchError {
  const issue = error.issues[0]!
  const field = issue.path.join('.')
  const value = issue.path.reduce<unknown>((at, part) => (at as Record<PropertyKey, unknown> | null | undefined)?.[part], input)
  const shown = value === undefined ? 'nothing was given' : `${JSON.stringify(value)?.slice(0, 80) ?? String(value)} was given`
  // A schema that knows the remedy says it in a whole sentence.
  const message = /^[A-Z].*\.$/.test(issue.message) ? issue.message : `${field === '' ? name : `“${field}” of ${name}`} is not valid (${issue.message}; ${shown}); correct it and try again.`
  const isSetting = settings.has(String(issue.path[0]))
  return new WorkbenchError(isSetting ? 'SETTING_INVALID' : 'CALL_INVALID', message, field === '' ? {} : { field })
}
