import { totalmem } from 'node:os'

/** Bytes of memory that this machine has, or that this process may take of it where that is less. */
export function machineMemory(): number {
  const allowed = process.constrainedMemory()
  return allowed > 0 ? Math.min(allowed, totalmem()) : totalmem()
}
