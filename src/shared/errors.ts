/** Every error a user can meet has a code (stable, for scripts) and one sentence with the remedy (for people). */
export const errorCodes = [
  'USAGE',
  'HOME_UNWRITABLE',
  'HOME_READ_ONLY',
  'HOME_NOT_FOLDER',
  'HOME_LOCKED',
  'DISK_FULL',
  'DISK_ERROR',
  'DATABASE_NEWER',
  'DATABASE_DAMAGED',
  'DATABASE_MISSING',
  'DATABASE_LOCKED',
  'DATABASE_SOUND',
  'VARIANT_UNKNOWN',
  'SETTING_UNKNOWN',
  'SETTING_INVALID',
  'VARIANT_UNSUITABLE',
  'PRESET_UNKNOWN',
  'DATASET_UNKNOWN',
  'DATASET_NAME_TAKEN',
  'DATASET_DUPLICATE',
  'DATASET_EMPTY',
  'DATASET_IN_USE',
  'DATASET_DIFFERS',
  'DATASET_TOO_SMALL',
  'PATH_MISSING',
  'PATH_IS_FOLDER',
  'PATH_UNREADABLE',
  'FILE_DAMAGED',
  'FILE_UNSUPPORTED',
  'IMAGE_SIZE',
  'EXPERIMENT_UNKNOWN',
  'EXPERIMENT_STATE',
  'PACK_DATASET',
  'PLACE_UNKNOWN',
  'PLACE_NAME_TAKEN',
  'PLACE_IN_USE',
  'PLACE_UNREACHABLE',
  'PLACE_REFUSED',
  'RUN_UNKNOWN',
  'RUN_STATE',
  'RUN_DIVERGED',
  'RUN_FAILED',
  'RUN_MISMATCH',
  'CHECKPOINT_MISSING',
  'CHECKPOINT_DAMAGED',
  'NOTHING_TO_PRUNE',
  'EXPORT_EXISTS',
  'EXPORT_UNWRITABLE',
  'EXPORT_UNSUPPORTED',
  'EXPORT_DISAGREES',
  'OPERATION_UNKNOWN',
  'QUESTION_UNSUITABLE',
  'EXPLORER_LOST',
  'TENSOR_INVALID',
  'CANCELLED',
  'ENGINE_LOST',
  'CALL_UNKNOWN',
  'CALL_INVALID',
  'BUSY',
  'INTERNAL',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** What travels between processes instead of an exception. */
export interface ErrorInfo {
  code: ErrorCode
  /** One sentence or two: what happened, why, what to do. */
  message: string
  /** The setting or argument at fault, e.g. `training.learningRate`, where there is one. */
  field?: string
}

/** The only error class thrown on purpose; anything else is a bug and becomes `INTERNAL` at the door. */
export class WorkbenchError extends Error {
  readonly code: ErrorCode
  readonly field: string | undefined

  constructor(code: ErrorCode, message: string, options: { field?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.name = 'WorkbenchError'
    this.code = code
    this.field = options.field
  }

  toInfo(): ErrorInfo {
    return { code: this.code, message: this.message, ...(this.field === undefined ? {} : { field: this.field }) }
  }

  static from(info: ErrorInfo): WorkbenchError {
    return new WorkbenchError(info.code, info.message, { field: info.field })
  }
}

/** Whether something was thrown for want of space: by the system, SQLite or a library, or as DISK_FULL. A full quota is the same. */
export function isDiskFull(thrown: unknown): boolean {
  if (thrown === null || typeof thrown !== 'object') return false
  const { code, message, cause } = thrown as { code?: unknown; message?: unknown; cause?: unknown }
  if (code === 'DISK_FULL' || code === 'ENOSPC' || code === 'EDQUOT' || code === 'SQLITE_FULL') return true
  if (thrown instanceof WorkbenchError) return isDiskFull(cause)
  return typeof message === 'string' && /no space left on device|disk quota exceeded|database or disk is full/i.test(message)
}

/** Whether it is the user's share of a disk that is full, and not the disk. */
function isQuota(thrown: unknown): boolean {
  if (thrown === null || typeof thrown !== 'object') return false
  const { code, message, cause } = thrown as { code?: unknown; message?: unknown; cause?: unknown }
  return (
    code === 'EDQUOT' ||
    (typeof message === 'string' && /disk quota exceeded/i.test(message)) ||
    (cause !== thrown && isQuota(cause))
  )
}

/** What is full, as the beginning of a sentence: “The disk with /home is full”, “Your quota on the disk is used up”. */
export function whatIsFull(thrown: unknown, folder?: string): string {
  const disk = folder === undefined ? 'disk' : `disk with ${folder}`
  return isQuota(thrown) ? `Your quota on the ${disk} is used up` : `The ${disk} is full`
}

/** Turns anything thrown into what may be shown; the operating system's frequent errors get their own sentence. */
export function toErrorInfo(thrown: unknown): ErrorInfo {
  if (thrown instanceof WorkbenchError) return thrown.toInfo()
  if (isDiskFull(thrown)) return { code: 'DISK_FULL', message: `${whatIsFull(thrown)}; free some space and try again.` }
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  return {
    code: 'INTERNAL',
    message: `Something unexpected went wrong (${text.split('\n')[0]}); please report it along with what you did.`,
  }
}
