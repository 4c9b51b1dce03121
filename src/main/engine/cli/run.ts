import { resolve } from 'node:path'
import { toErrorInfo, type ErrorInfo } from '../../../shared/errors.ts'
import { inKeys } from '../../../shared/settings/messages.ts'
import { defaultHome } from '../home.ts'
import { serve } from '../serve.ts'
import type { Outcome } from './command.ts'
import { commands } from './commands/index.ts'
import { doctor, type DoctorValues } from './doctor.ts'
import { openSession } from './session.ts'
import { terminalOn, type ErrorStream } from './terminal.ts'
import { commandHelp, groupHelp, ofGroup, overview } from './usage.ts'
import { nameOf, parse, plainWords } from './words.ts'

/** Where a command is given. */
export interface Place {
  /** The folder from which paths are meant. */
  folder: string
  /** A line for standard output; resolves once it is written. */
  print(line: string): Promise<void>
  errors: ErrorStream
}

/**
 * Carries out a command of the command line. Progress goes to standard error; with `--json` the last line of standard output is the
 * result.
 * @returns the exit code; what is wrong is told
 */
export async function runCommand(words: readonly string[], { folder, print, errors }: Place): Promise<number> {
  const json = words.includes('--json')
  const terminal = terminalOn(errors)
  const report = async ({ json: result, text, error, exitCode }: Outcome): Promise<number> => {
    terminal.finish()
    if (json) await print(JSON.stringify(error === undefined ? result : { ...result, error: shown(error) }))
    else if (text !== '') await print(text)
    if (error !== undefined) terminal.tell(shown(error).message)
    return exitCode ?? (error === undefined ? 0 : 1)
  }
  const carryOut = async (): Promise<number> => {
    const help = helpAskedBy(words)
    if (help !== null) return report({ json: { help }, text: help })
    const name = nameOf(words)
    const { values, positionals } = parse(name, words)
    if (values.help) return report({ json: { help: commandHelp(name) }, text: commandHelp(name) })
    const path = (given: string) => resolve(folder, given)
    const home = values.home === undefined ? defaultHome() : values.home.trim() === '' ? '' : path(values.home)
    if (name === 'doctor') return report(await doctor(home, values as DoctorValues, terminal))
    if (name === 'serve') {
      await serve({ ...values, home })
      return 0
    }
    const session = await openSession(home)
    try {
      // Before the session is closed, which may have to wait for other commands.
      return await report(await commands[name]!.run(session, { values, positionals, path }, terminal))
    } finally {
      await session.close(terminal)
    }
  }
  try {
    return await carryOut()
  } catch (thrown) {
    const error = toErrorInfo(thrown)
    return report({ json: {}, text: '', error, ...(error.code === 'USAGE' ? { exitCode: 2 } : {}) })
  }
}

/** Help that is of no single command; null where none is asked for. */
function helpAskedBy(words: readonly string[]): string | null {
  const plain = plainWords(words)
  const asksHelp = words.some((word) => word === '--help' || word === '-h')
  if (words.length === 0 || (plain.length === 0 && asksHelp)) return overview()
  const group = plain.length === 1 ? words[plain[0]!]! : ''
  return asksHelp && !Object.hasOwn(commands, group) && ofGroup(group).length > 0 ? groupHelp(group) : null
}

/** An error as a command tells it, in text and as JSON alike. */
const shown = ({ code, message, field }: ErrorInfo) => ({
  code,
  message: code === 'EXPORT_EXISTS' ? `${message.replace(/\.$/, '')}: --force does that.` : inKeys(message),
  ...(field === undefined ? {} : { field }),
})
