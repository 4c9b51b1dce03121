import { WorkbenchError } from '../../../shared/errors.ts'

/** Error: USAGE. */
export function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new WorkbenchError('USAGE', `--${option} is a whole number, not “${text}”.`, { field: option })
  return Number(text)
}
