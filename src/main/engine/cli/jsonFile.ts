import { WorkbenchError } from '../../../shared/errors.ts'
import { isObject } from '../../../shared/json.ts'
import { documentLimits, LimitError } from '../../../shared/limits.ts'
import { isUnread, readForeignJson } from '../foreignJson.ts'

/** A JSON file that holds an object. Errors: PATH_MISSING, PATH_UNREADABLE, USAGE. @param what how the file is called in a sentence */
export function readJsonFile(file: string, what: string, example: string): Record<string, unknown> {
  try {
    const value = readForeignJson(file, documentLimits, true)
    if (isObject(value)) return value
  } catch (cause) {
    if (isUnread(cause)) {
      const missing = cause.code === 'ENOENT'
      throw new WorkbenchError(
        missing ? 'PATH_MISSING' : 'PATH_UNREADABLE',
        `The ${what} ${file} ${missing ? 'does not exist' : 'cannot be read'}; check the path.`,
        { cause },
      )
    }
    if (cause instanceof LimitError)
      throw new WorkbenchError('USAGE', `The ${what} ${file} is larger than any can be (${cause.message}); choose another.`, {
        cause,
      })
    throw new WorkbenchError('USAGE', `The ${what} ${file} is not valid JSON (${(cause as Error).message}); correct it.`, { cause })
  }
  throw new WorkbenchError('USAGE', `The ${what} ${file} does not hold a JSON object; write it like ${example}.`)
}
