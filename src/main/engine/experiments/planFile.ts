import { readFile, stat } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { WorkbenchError } from '../../../shared/errors.ts'
import { resolvePath } from '../data/source.ts'

/** No plan is larger, in bytes. */
const mostBytes = 20_000_000

/**
 * What a file of a plan holds, as JSON; whether it can be carried out is for `checkPlan` to say.
 * @param typed an absolute path, `~` for the home folder
 * @throws WorkbenchError CALL_INVALID, PATH_MISSING, PATH_UNREADABLE, FILE_UNSUPPORTED, FILE_DAMAGED, with the field `file`
 */
export async function readPlanFile(typed: string): Promise<Record<string, unknown>> {
  if (!isAbsolute(typed.trim()) && !/^(?:~|file:)/i.test(typed.trim())) throw new WorkbenchError('CALL_INVALID', `“${typed}” is not an absolute path; give the file's whole path.`, { field: 'file' })
  const file = resolvePath(typed)
  const text = await textOf(file)
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''))
  } catch (cause) {
    throw new WorkbenchError('FILE_DAMAGED', `${file} is not JSON (${(cause as Error).message}); choose the file of a plan.`, { field: 'file', cause })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && 'variants' in value) return value as Record<string, unknown>
  throw new WorkbenchError('FILE_UNSUPPORTED', `${file} is JSON, but no plan: a plan has a name, a dataset and a list of variants.`, { field: 'file' })
}

async function textOf(file: string): Promise<string> {
  const refused = (cause: unknown): WorkbenchError => {
    const { code } = cause as { code?: string }
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? new WorkbenchError('PATH_MISSING', `There is nothing at ${file}; check the path.`, { field: 'file', cause })
      : new WorkbenchError('PATH_UNREADABLE', `${file} cannot be read; choose another file, or allow reading it.`, { field: 'file', cause })
  }
  // Pipes and devices are never opened.
  const found = await stat(file).catch((thrown: unknown) => { throw refused(thrown) })
  if (!found.isFile()) throw new WorkbenchError('FILE_UNSUPPORTED', `${file} is a folder or a device; choose the JSON file of a plan.`, { field: 'file' })
  if (found.size > mostBytes) throw new WorkbenchError('FILE_UNSUPPORTED', `${file} is larger than any plan; choose the JSON file of one.`, { field: 'file' })
  return readFile(file, 'utf8').catch((thrown: unknown) => { throw refused(thrown) })
}
