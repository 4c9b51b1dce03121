import { accessSync, constants, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { isDiskFull, whatIsFull, WorkbenchError, type ErrorCode } from '../../../shared/errors.ts'
import { meansFull, tryWrite } from '../files/disk.ts'
import { codeOf } from './sqlite.ts'

/** Whether a thrown value is SQLite's word for a damaged file, met after opening. */
export const isDamage = (thrown: unknown): boolean => /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(thrown))

const full = (folder: string, cause: unknown): WorkbenchError =>
  new WorkbenchError('DISK_FULL', `${whatIsFull(cause, folder)}; free some space and try again. Nothing is damaged by it.`, {
    cause,
  })

/** What the system says of a folder or a file in it that is to be written, as what to do. Null where it is nothing that befalls homes. */
export function systemTrouble(thrown: unknown, folder: string): WorkbenchError | null {
  const code = codeOf(thrown)
  const error = (known: ErrorCode, sentence: string) => new WorkbenchError(known, sentence, { cause: thrown })
  if (isDiskFull(thrown)) return full(folder, thrown)
  if (code === 'EROFS') {
    return error(
      'HOME_READ_ONLY',
      `The disk of ${folder} is mounted read-only, so nothing can be kept there; ` +
        'mount it for writing, or choose another folder with --home.',
    )
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return error(
      'HOME_UNWRITABLE',
      `You are not allowed to write in ${folder}; change its permissions or its owner, or choose another folder with --home.`,
    )
  }
  if (code === 'ENOTDIR' || code === 'EEXIST') {
    return error(
      'HOME_NOT_FOLDER',
      `A file lies where ${folder} needs a folder; move that file away, or choose another folder with --home.`,
    )
  }
  if (['EIO', 'ESTALE', 'ETIMEDOUT', 'EHOSTDOWN', 'ENOTCONN', 'ENXIO', 'ENODEV', 'EREMOTEIO', 'EMFILE', 'ENFILE'].includes(code)) {
    return error(
      'DISK_ERROR',
      `The disk of ${folder} does not answer as it should (${code}); ` +
        'check the disk or the connection to it, then try again. Nothing was changed.',
    )
  }
  return null
}

/** Whether a thrown value means that another program has the file. */
export const isBusy = (thrown: unknown): boolean => /^SQLITE_(BUSY|LOCKED|PROTOCOL)/.test(codeOf(thrown))

/**
 * What SQLite or the system says of a database file, as a WorkbenchError with what to do; null where it is neither. Damage is
 * not among it (see `damaged`): nothing here is said of a file that is no sound database.
 */
export function troubleWith(thrown: unknown, file: string): WorkbenchError | null {
  if (thrown instanceof WorkbenchError) return thrown
  const folder = dirname(file)
  if (meansFull(thrown, folder)) return full(folder, thrown)
  if (isBusy(thrown)) {
    return new WorkbenchError(
      'DATABASE_LOCKED',
      `Another program has the database ${file} open and keeps it locked; ` +
        'close that program (an SQLite browser, a backup, another engine), then try again.',
      { cause: thrown },
    )
  }
  const code = codeOf(thrown)
  if (/^SQLITE_(CANTOPEN|READONLY|PERM|AUTH)/.test(code)) return unwritable(thrown, file)
  if (/^SQLITE_(IOERR|NOLFS|TOOBIG|NOMEM)/.test(code)) {
    return new WorkbenchError(
      'DISK_ERROR',
      `The disk of ${folder} does not read or write as it should (${code}); ` +
        'check the disk or the connection to it, then try again. The database is as it was.',
      { cause: thrown },
    )
  }
  return code.startsWith('SQLITE_') ? null : systemTrouble(thrown, folder)
}

/** Why SQLite cannot write a file, which it does not say. */
function unwritable(thrown: unknown, file: string): WorkbenchError {
  const folder = dirname(file)
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    return new WorkbenchError(
      'HOME_UNWRITABLE',
      `A folder lies where the database ${file} belongs; move it away, or choose another folder with --home.`,
      { cause: thrown },
    )
  }
  const ofFolder = tryWrite(folder),
    ofFile = tryAccess(file)
  const found = ofFolder ?? (codeOf(ofFile) === 'EROFS' ? ofFile : null)
  const known = found === null ? null : systemTrouble(found, folder)
  if (known !== null) return known
  return new WorkbenchError(
    'HOME_UNWRITABLE',
    `The database ${file} cannot be opened for writing; ` +
      'make it and the files beside it writable for you, or choose another folder with --home.',
    { cause: thrown },
  )
}

function tryAccess(file: string): unknown {
  try {
    accessSync(file, constants.R_OK | constants.W_OK)
    return null
  } catch (thrown) {
    return codeOf(thrown) === 'ENOENT' ? null : thrown
  }
}
