import { toErrorInfo } from '../../../shared/errors.ts'

/** One thing that was looked at; `detail`: what was found, or what is wrong and what to do; `files`: all that it is about. */
export interface Check {
  name: string
  ok: boolean
  detail: string
  files?: string[]
}

/** A check that gives what it found as a text, or throws what is wrong. */
export function attempt(name: string, check: () => string): Check {
  try {
    return { name, ok: true, detail: check() }
  } catch (thrown) {
    return {
      name,
      ok: false,
      detail: thrown instanceof Error && !('code' in thrown) ? thrown.message : toErrorInfo(thrown).message,
    }
  }
}
