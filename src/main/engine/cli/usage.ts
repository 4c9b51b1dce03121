import type { Command } from './command.ts'
import { commands, hosts } from './commands/index.ts'
import { helpColumns, helpRows } from './help.ts'

/** What a command says of itself, whatever carries it out. */
export const everyCommand: Record<string, Omit<Command, 'run'>> = { ...commands, ...hosts }

const ofEvery = [
  '--home DIR  where everything is kept (default: your data folder)',
  '--json  one JSON object on the last line of standard output',
]

export const overview = (): string =>
  [
    'Usage: aebench COMMAND [--home DIR] [--json]',
    '',
    ...helpColumns(
      Object.entries(everyCommand).map(([name, { summary }]) => [name, summary]),
      '  ',
    ),
    '',
    'aebench COMMAND --help shows what a command takes.',
  ].join('\n')

/** The commands of which `group` is the first word. */
export const ofGroup = (group: string) => Object.entries(commands).filter(([name]) => name.startsWith(`${group} `))

export const groupHelp = (group: string): string =>
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

/** `train --dataset D ...`: a command with what follows its name. */
export const usageOf = (name: string): string => `${name} ${everyCommand[name]!.usage}`.trim()

export function commandHelp(name: string): string {
  const { summary, help = [] } = everyCommand[name]!
  return [`Usage: aebench ${usageOf(name)}`, '', summary, '', ...helpColumns(helpRows([...help, ...ofEvery]))].join('\n')
}
