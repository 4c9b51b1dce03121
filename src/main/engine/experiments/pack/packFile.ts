import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { WorkbenchError, type ErrorCode } from '../../../../shared/errors.ts'

/**
 * What a path is, before it is read as a packed experiment: each case that has a remedy of its own has a code of its own.
 * @throws WorkbenchError PATH_MISSING, PATH_IS_FOLDER, PATH_UNREADABLE, FILE_UNSUPPORTED, FILE_DAMAGED
 */
export async function requirePackFile(file: string): Promise<void> {
  const refuse = (code: ErrorCode, message: string, cause?: unknown) => new WorkbenchError(code, message, { field: 'file', cause })
  const unreadable = (cause: unknown) => {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR')
      return refuse('PATH_MISSING', `The file ${file} does not exist; check the path.`, cause)
    const denied = code === 'EACCES' || code === 'EPERM'
    const why = denied ? 'permission is denied' : code === 'ELOOP' ? 'it is a link to itself' : `the system says ${code}`
    return refuse('PATH_UNREADABLE', `${file} cannot be read: ${why}. Allow reading it, or choose another file.`, cause)
  }
  const found = await stat(file).catch((cause: unknown) => {
    throw unreadable(cause)
  })
  if (found.isDirectory()) {
    throw refuse('PATH_IS_FOLDER', `${file} is a folder; choose the file itself, as the workbench or “experiment pack” wrote it.`)
  }
  if (!found.isFile()) throw refuse('FILE_UNSUPPORTED', `${file} is a pipe or a device; choose the file of a packed experiment.`)
  if (found.size === 0) throw refuse('FILE_DAMAGED', `${file} is empty; get the file again.`)
  await access(file, constants.R_OK).catch((cause: unknown) => {
    throw unreadable(cause)
  })
}
