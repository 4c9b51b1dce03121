import { readFileSync } from 'node:fs'

/** What the system tells of its processes and of itself. */

/** A small file's text without the space around it; empty where there is none. */
export const textOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}

/** What tells one start of this computer from the next; empty where the system does not say. */
export const bootId = (): string => textOf('/proc/sys/kernel/random/boot_id')

/**
 * When a process began, in the kernel's ticks since the computer's start; null: there is none any more; empty: this system does
 * not say.
 */
export function startOf(pid: number | 'self'): string | null {
  if (process.platform !== 'linux') return ''
  const text = textOf(`/proc/${pid}/stat`)
  if (text === '') return null
  // The name, in parentheses, may hold anything. A zombie has given back all that it had.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? '')
}
