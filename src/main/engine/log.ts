import { appendFileSync, renameSync, statSync } from 'node:fs'

const largest = 4 * 1024 * 1024
const longestLine = 20_000

export type Log = (message: string, thrown?: unknown) => void

/** Appends lines to a file; at 4 MiB it becomes `FILE.1` and a new one begins. A log that cannot be written stops nothing. */
export function logTo(file: string): Log {
  return (message, thrown) => {
    const detail = thrown === undefined ? '' : ` ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`
    try {
      if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > largest) renameSync(file, `${file}.1`)
      appendFileSync(file, `${new Date().toISOString()} ${`${message}${detail}`.slice(0, longestLine)}\n`)
    } catch {
      // Nowhere left to say it.
    }
  }
}
