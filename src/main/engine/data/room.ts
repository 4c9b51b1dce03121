import { comparedBytes } from '../../../shared/amounts.ts'
import { WorkbenchError } from '../../../shared/errors.ts'

/**
 * @param what would take so many bytes @param remedy beside freeing some space
 * @throws WorkbenchError DISK_FULL before anything is written that will not fit
 */
export function requireRoom(
  needed: number,
  free: number,
  what = 'The images',
  remedy = 'free some space, or choose a smaller size',
): void {
  if (needed <= free) return
  throw new WorkbenchError(
    'DISK_FULL',
    `${what} would take ${comparedBytes(needed)}, and ${comparedBytes(free)} are free; ${remedy}.`,
  )
}
