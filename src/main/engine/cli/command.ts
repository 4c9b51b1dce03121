import type { ParseArgsOptionsConfig } from 'node:util'
import type { ErrorInfo } from '../../../shared/errors.ts'
import type { Session } from './session.ts'
import type { Terminal } from './terminal.ts'

/** What a command gives back: an object for `--json`, text for people. `error`: it ended badly and yet has something to show. */
export interface Outcome {
  json: Record<string, unknown>
  text: string
  error?: ErrorInfo
  /** Where it is not 0 or 1. */
  exitCode?: number
}

export type Values = Record<string, string | boolean | (string | boolean)[] | undefined>

export interface Arguments {
  values: Values
  positionals: string[]
  /** A path as the user wrote it, made absolute from where the user is. */
  path(given: string): string
}

export interface Command {
  /** What follows the command's name. */
  usage: string
  summary: string
  /** Lines for the options, `--option V  what it is`; `--help` makes columns of them (help.ts). */
  help?: string[]
  options?: ParseArgsOptionsConfig
  /** Fewest and most positional arguments. */
  positionals?: [number, number]
  run(session: Session, given: Arguments, terminal: Terminal): Promise<Outcome>
}
