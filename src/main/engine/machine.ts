import { cpus, totalmem } from 'node:os'

/** Bytes of memory that this machine has, or that this process may take of it where that is less. */
export function machineMemory(): number {
  const allowed = process.constrainedMemory()
  return allowed > 0 ? Math.min(allowed, totalmem()) : totalmem()
}

/** The kind of this machine's processor: results are equal bit for bit on one kind, with one number of threads. */
export const processor = (): string => cpus()[0]?.model.replace(/\s+/g, ' ').trim() || process.arch
