import { isAbsolute } from 'node:path'
import { WorkbenchError, type ErrorCode } from '../../../shared/errors.ts'
import { isObject } from '../../../shared/json.ts'
import { documentLimits, LimitError } from '../../../shared/limits.ts'
import { resolvePath } from '../data/source.ts'
import { isUnread, readForeignJson } from '../foreignJson.ts'

/**
 * What a file of a plan holds, as JSON; whether it can be carried out is for `checkPlan` to say.
 * @param typed an absolute path, `~` for the home folder
 * @throws WorkbenchError CALL_INVALID, PATH_MISSING, PATH_UNREADABLE, FILE_UNSUPPORTED, FILE_DAMAGED, with the field `file`
 */
export async function readPlanFile(typed: string): Promise<Record<string, unknown>> {
  if (!isAbsolute(typed.trim()) && !/^(?:~|file:)/i.test(typed.trim()))
    throw new WorkbenchError('CALL_INVALID', `“${typed}” is not an absolute path; give the file's whole path.`, { field: 'file' })
  const file = resolvePath(typed)
  let value: unknown
  try {
    value = readForeignJson(file, documentLimits)
  } catch (cause) {
    throw refused(file, cause)
  }
  if (isObject(value) && 'variants' in value) return value
  throw new WorkbenchError(
    'FILE_UNSUPPORTED',
    `${file} is JSON, but no plan: a plan has a name, a dataset and a list of variants.`,
    { field: 'file' },
  )
}

function refused(file: string, cause: unknown): WorkbenchError {
  const said = (code: ErrorCode, message: string): WorkbenchError => new WorkbenchError(code, message, { field: 'file', cause })
  if (cause instanceof LimitError)
    return said('FILE_UNSUPPORTED', `${file} is larger than any plan (${cause.message}); choose the JSON file of one.`)
  if (!isUnread(cause)) return said('FILE_DAMAGED', `${file} is not JSON (${(cause as Error).message}); choose the file of a plan.`)
  if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')
    return said('PATH_MISSING', `There is nothing at ${file}; check the path.`)
  if (cause.code === 'EISDIR') return said('FILE_UNSUPPORTED', `${file} is a folder or a device; choose the JSON file of a plan.`)
  return said('PATH_UNREADABLE', `${file} cannot be read; choose another file, or allow reading it.`)
}
