import { parseArgs } from 'node:util'
import { WorkbenchError } from '../../../shared/errors.ts'
import { counted } from '../../../shared/words.ts'
import { nearest } from '../suggestion.ts'
import type { Command, Values } from './command.ts'
import { everyCommand, ofGroup, usageOf } from './usage.ts'

const common = { home: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const

/** Positions of the words that are neither options nor the value of `--home`, which may come before the command. */
export const plainWords = (words: readonly string[]): number[] =>
  words.map((_, index) => index).filter((index) => !words[index]!.startsWith('-') && words[index - 1] !== '--home')

/** The command that is named. Error: USAGE, with the one that may be meant. */
export function nameOf(words: readonly string[]): string {
  const [one = '', two = ''] = plainWords(words).map((index) => words[index]!)
  if (Object.hasOwn(everyCommand, `${one} ${two}`)) return `${one} ${two}`
  if (Object.hasOwn(everyCommand, one)) return one
  const group = ofGroup(one).map(([name]) => name)
  if (group.length > 0 && two === '')
    throw new WorkbenchError('USAGE', `Say which: ${group.join(', ')}; aebench ${one} --help tells what each does.`)
  const given = group.length > 0 ? `${one} ${two}` : one
  const near = nearest(
    given,
    group.length > 0 ? group : Object.keys(everyCommand).flatMap((name) => [...new Set([name, name.split(' ')[0]!])]),
  )
  throw new WorkbenchError(
    'USAGE',
    `There is no command “${given}”; ${near ? `did you mean ${near}? ` : ''}aebench ` +
      `${group.length > 0 ? `${one} ` : ''}--help lists those that exist.`,
  )
}

/** Everything but the command's own words. */
function argumentsOf(name: string, words: readonly string[]): string[] {
  const commandWords = plainWords(words).slice(0, name.split(' ').length)
  return words.filter((_, index) => !commandWords.includes(index))
}

/** Options and arguments of a command. Error: USAGE. */
export function parse(name: string, words: readonly string[]) {
  const { options = {}, positionals: [fewest, most] = [0, 0] } = everyCommand[name]!
  try {
    const allOptions = { ...common, ...options }
    const { values, positionals } = parseArgs({
      args: withNegative(argumentsOf(name, words), options),
      options: allOptions,
      allowPositionals: true,
    })
    if (!values.help && (positionals.length < fewest || positionals.length > most)) {
      throw new TypeError(`${counted(positionals.length, 'argument was', 'arguments were')} given`)
    }
    return { values: values as Values & { home?: string; help?: boolean }, positionals }
  } catch (cause) {
    const what = (cause as Error).message.split(/\.\s/)[0]!.replace(/'([^']*)'/g, '“$1”')
    throw new WorkbenchError(
      'USAGE',
      `${what}${remedyOf(cause as NodeJS.ErrnoException, options)}; use: aebench ${usageOf(name)}`,
      {
        cause,
      },
    )
  }
}

/** `--range -160..240` becomes `--range=-160..240`: what begins like a negative number is the value of the option before it. */
function withNegative(args: string[], options: NonNullable<Command['options']>): string[] {
  const out: string[] = []
  for (const arg of args) {
    const before = out.at(-1),
      takesValue = before?.startsWith('--') && options[before.slice(2)]?.type === 'string'
    if (takesValue && /^-[\d.]/.test(arg)) out[out.length - 1] = `${before}=${arg}`
    else out.push(arg)
  }
  return out
}

/** What to write instead of an option that is not understood. */
function remedyOf({ code, message }: NodeJS.ErrnoException, options: NonNullable<Command['options']>): string {
  const [, given = ''] = /'(?:-\w, )?--([^' =]+)/.exec(message) ?? []
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    const near = nearest(given, Object.keys({ ...common, ...options }))
    return near ? ` (did you mean --${near}?)` : ''
  }
  const dashed = code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE' && message.includes('ambiguous')
  return dashed ? `: a value that begins with a dash is written --${given}=VALUE` : ''
}
