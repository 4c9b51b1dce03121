import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { inKeys } from '../../shared/settings/messages.ts'
import { WorkbenchError, toErrorInfo, type ErrorInfo } from '../../shared/errors.ts'
import { counted } from '../../shared/words.ts'
import type { Command, Outcome, Values } from './cli/command.ts'
import { helpColumns, helpRows } from './cli/help.ts'
import { doctor, doctorHelp, doctorOptions, type DoctorValues } from './cli/doctor.ts'
import { datasetsAdd, datasetsList, datasetsRepair, datasetsShow } from './cli/commands/datasets.ts'
import { datasetsInspect } from './cli/commands/inspect.ts'
import {
  experimentList,
  experimentPack,
  experimentResume,
  experimentRun,
  experimentShow,
  experimentUnpack,
} from './cli/commands/experiments.ts'
import { explore } from './cli/commands/explore.ts'
import { presetsList } from './cli/commands/presets.ts'
import { prune } from './cli/commands/pruning.ts'
import { compare } from './cli/commands/compare.ts'
import { embed, embeddingsList } from './cli/commands/embed.ts'
import { exportRun, objective, variants } from './cli/commands/results.ts'
import { evaluateRun, runsList, runsShow } from './cli/commands/runs.ts'
import { experimentCancel, runsCancel } from './cli/commands/cancelling.ts'
import { datasetsRemove, embeddingsRemove, experimentRemove, runsRemove, trashList, trashRestore } from './cli/commands/removing.ts'
import { storageEmpty, storageShow, storageThin } from './cli/commands/storage.ts'
import { resume, train } from './cli/commands/train.ts'
import { openSession } from './cli/session.ts'
import { terminalOn } from './cli/terminal.ts'
import { defaultHome } from './home.ts'
import { serve, serveOptions } from './serve.ts'
import { nearest } from './suggestion.ts'

/** The command line: `aebench COMMAND`. Progress goes to standard error; with `--json` the last line of standard output is the result. */
const commands: Record<string, Command> = {
  variants: variants,
  presets: presetsList,
  'datasets add': datasetsAdd,
  'datasets list': datasetsList,
  'datasets inspect': datasetsInspect,
  'datasets show': datasetsShow,
  'datasets repair': datasetsRepair,
  'datasets remove': datasetsRemove,
  train: train,
  resume: resume,
  evaluate: evaluateRun,
  prune: prune,
  'runs list': runsList,
  'runs show': runsShow,
  'runs cancel': runsCancel,
  'runs remove': runsRemove,
  'experiment run': experimentRun,
  'experiment resume': experimentResume,
  'experiment show': experimentShow,
  'experiment list': experimentList,
  'experiment cancel': experimentCancel,
  'experiment remove': experimentRemove,
  'experiment pack': experimentPack,
  'experiment unpack': experimentUnpack,
  compare: compare,
  export: exportRun,
  embed: embed,
  'embeddings list': embeddingsList,
  'embeddings remove': embeddingsRemove,
  explore: explore,
  objective: objective,
  'storage show': storageShow,
  'storage thin': storageThin,
  'storage empty': storageEmpty,
  'trash list': trashList,
  'trash restore': trashRestore,
  'trash empty': { ...storageEmpty, summary: 'Deletes for good what was removed.' },
}
const hosts: Record<string, Pick<Command, 'usage' | 'summary' | 'help'>> = {
  serve: {
    usage: '[--port P] [--open]',
    summary: 'The workbench in a browser on this machine.',
    help: [
      '--port P  where it answers (default: where it did since this computer was started, else any port that is free)',
      '--open  opens the browser, too',
    ],
  },
  doctor: {
    usage: '[--check] [--recover [--dataset D]]',
    summary: 'Checks everything that the workbench needs of this machine.',
    help: doctorHelp,
  },
}
const common = { home: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const
const commonHelp = [
  '--home DIR  where everything is kept (default: your data folder)',
  '--json  one JSON object on the last line of standard output',
]

// npm starts scripts in the package's folder; paths are meant from where the user is.
const start = process.env['npm_lifecycle_event'] === 'aebench' ? (process.env['INIT_CWD'] ?? process.cwd()) : process.cwd()
const path = (given: string) => resolve(start, given)
const words = process.argv.slice(2)
const json = words.includes('--json')
const terminal = terminalOn(process.stderr)

const everything = [...Object.entries(commands), ...Object.entries(hosts)]

const overview = (): string =>
  [
    'Usage: aebench COMMAND [--home DIR] [--json]',
    '',
    ...helpColumns(
      everything.map(([name, { summary }]) => [name, summary]),
      '  ',
    ),
    '',
    'aebench COMMAND --help shows what a command takes.',
  ].join('\n')

/** The commands of which `group` is the first word. */
const ofGroup = (group: string) => Object.entries(commands).filter(([name]) => name.startsWith(`${group} `))

const groupHelp = (group: string): string =>
  [
    `Usage: aebench ${group} COMMAND [--home DIR] [--json]`,
    '',
    ...helpColumns(
      ofGroup(group).map(([name, { usage, summary }]) => [`${name} ${usage}`.trim(), summary]),
      '  ',
      40,
    ),
    '',
    `aebench ${group} COMMAND --help shows what a command takes.`,
  ].join('\n')

/** Positions of the words that are neither options nor the value of `--home`, which may come before the command. */
const plain = words.map((_, index) => index).filter((index) => !words[index]!.startsWith('-') && words[index - 1] !== '--home')

const asksHelp = words.some((word) => word === '--help' || word === '-h')

function nameOf(): string {
  const [one = '', two = ''] = plain.map((index) => words[index]!)
  if (Object.hasOwn(commands, `${one} ${two}`)) return `${one} ${two}`
  if (Object.hasOwn(commands, one) || Object.hasOwn(hosts, one)) return one
  const group = ofGroup(one).map(([name]) => name)
  if (group.length > 0 && two === '')
    throw new WorkbenchError('USAGE', `Say which: ${group.join(', ')}; aebench ${one} --help tells what each does.`)
  const given = group.length > 0 ? `${one} ${two}` : one
  const near = nearest(
    given,
    group.length > 0 ? group : [...Object.keys(hosts), ...Object.keys(commands).flatMap((name) => [name, name.split(' ')[0]!])],
  )
  throw new WorkbenchError(
    'USAGE',
    `There is no command “${given}”; ${near ? `did you mean ${near}? ` : ''}aebench ` +
      `${group.length > 0 ? `${one} ` : ''}--help lists those that exist.`,
  )
}

/** Everything but the command's own words. */
function argumentsOf(name: string): string[] {
  const commandWords = plain.slice(0, name.split(' ').length)
  return words.filter((_, index) => !commandWords.includes(index))
}

function parse(args: string[], options: NonNullable<Command['options']>, [fewest, most]: [number, number], usage: string) {
  try {
    const allOptions = { ...common, ...options }
    const { values, positionals } = parseArgs({ args: withNegative(args, options), options: allOptions, allowPositionals: true })
    if (!values.help && (positionals.length < fewest || positionals.length > most)) {
      throw new TypeError(`${counted(positionals.length, 'argument was', 'arguments were')} given`)
    }
    return { values: values as Values & { home?: string; help?: boolean }, positionals }
  } catch (cause) {
    const what = (cause as Error).message.split(/\.\s/)[0]!.replace(/'([^']*)'/g, '“$1”')
    throw new WorkbenchError('USAGE', `${what}${remedyOf(cause as NodeJS.ErrnoException, options)}; use: aebench ${usage}`, {
      cause,
    })
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

/** Carries out the command and reports; gives back the exit code. */
async function run(): Promise<number> {
  if (words.length === 0 || (plain.length === 0 && asksHelp)) return report({ json: { help: overview() }, text: overview() })
  const group = plain.length === 1 ? words[plain[0]!]! : ''
  if (asksHelp && !Object.hasOwn(commands, group) && ofGroup(group).length > 0)
    return report({ json: { help: groupHelp(group) }, text: groupHelp(group) })
  const name = nameOf()
  const command = commands[name]
  const usage = `${name} ${(command ?? hosts[name])!.usage}`.trim()
  const options = command?.options ?? (name === 'serve' ? serveOptions : name === 'doctor' ? doctorOptions : {})
  const { values, positionals } = parse(argumentsOf(name), options, command?.positionals ?? [0, 0], usage)
  if (values.help) {
    const text = [
      `Usage: aebench ${usage}`,
      '',
      (command ?? hosts[name])!.summary,
      '',
      ...helpColumns(helpRows([...((command ?? hosts[name])!.help ?? []), ...commonHelp])),
    ].join('\n')
    return report({ json: { help: text }, text })
  }
  const home = values.home === undefined ? defaultHome() : values.home.trim() === '' ? '' : path(values.home)
  if (name === 'doctor') return report(await doctor(home, values as DoctorValues, terminal))
  if (command === undefined) {
    await serve({ ...values, home })
    return 0
  }
  const session = await openSession(home)
  try {
    // Before the session is closed, which may have to wait for other commands.
    return await report(await command.run(session, { values, positionals, path }, terminal))
  } finally {
    await session.close(terminal)
  }
}

// Who reads only the beginning, as head does, has what was wanted: the command goes on to its end, quietly.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== 'EPIPE') throw thrown
  })
}

const print = (line: string): Promise<void> => new Promise((done) => process.stdout.write(`${line}\n`, () => done()))

async function report({ json: result, text, error, exitCode }: Outcome): Promise<number> {
  terminal.finish()
  if (json) await print(JSON.stringify(error === undefined ? result : { ...result, error: shown(error) }))
  else if (text !== '') await print(text)
  if (error !== undefined) terminal.tell(shown(error).message)
  return exitCode ?? (error === undefined ? 0 : 1)
}

/** An error as a command tells it, in text and as JSON alike. */
const shown = ({ code, message, field }: ErrorInfo) => ({
  code,
  message: code === 'EXPORT_EXISTS' ? `${message.replace(/\.$/, '')}: --force does that.` : inKeys(message),
  ...(field === undefined ? {} : { field }),
})

try {
  process.exit(await run())
} catch (thrown) {
  const error = toErrorInfo(thrown)
  process.exit(await report({ json: {}, text: '', error, ...(error.code === 'USAGE' ? { exitCode: 2 } : {}) }))
}
