import { readFileSync } from 'node:fs'
import { WorkbenchError } from '../../../shared/errors.ts'

/** A JSON file that holds an object. Errors: PATH_MISSING, PATH_UNREADABLE, USAGE. @param what how the file is called in a sentence */
export function readJsonFile(file: string, what: string, example: string): Record<string, unknown> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw new WorkbenchError(missing ? 'PATH_MISSING' : 'PATH_UNREADABLE', `The ${what} ${file} ${missing ? 'does not exist' : 'cannot be read'}; check the path.`, { cause })
  }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch (cause) {
    throw new WorkbenchError('USAGE', `The ${what} ${file} is not valid JSON (${(cause as Error).message}); correct it.`, { cause })
  }
  throw new WorkbenchError('USAGE', `The ${what} ${file} does not hold a JSON object; write it like ${example}.`)
}
