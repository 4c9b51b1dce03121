import { WorkbenchError } from '../../../shared/errors.ts'

/** @param room free bytes on the disk. @throws WorkbenchError DISK_FULL before anything is written that will not fit. */
export function requireRoom(bytes: number, room: number): void {
  if (bytes <= room) return
  const gigabytes = (value: number) => (value / 1e9).toFixed(2)
  throw new WorkbenchError(
    'DISK_FULL',
    `The images would take ${gigabytes(bytes)} GB, and ${gigabytes(room)} GB are free; free some space, or choose a smaller size.`,
  )
}
