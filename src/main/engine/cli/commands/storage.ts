import { bytes as size } from '../../../../shared/amounts.ts'
import type { CallInput } from '../../../../shared/calls.ts'
import { WorkbenchError } from '../../../../shared/errors.ts'
import type { Thinning } from '../../../../shared/experiments.ts'
import { counted, thousands } from '../../../../shared/words.ts'
import type { Arguments, Command } from '../command.ts'
import { table } from '../table.ts'
import { taskDone } from '../wait.ts'

const sum = (items: readonly { bytes: number }[]): number => items.reduce((total, { bytes }) => total + bytes, 0)
/** Runs that are listed; `--json` has all. */
const listed = 20

export const storageShow: Command = {
  usage: '',
  summary: 'What everything here occupies, and what thinning runs out would free.',
  async run({ call }) {
    const { storage } = await call('storage.show', {})
    const { runs, datasets, database, codes, unknown, removed, total, free } = storage
    const spare = runs.reduce((all, run) => all + run.spare, 0)
    const largest = runs.toSorted((a, b) => b.bytes - a.bytes).slice(0, listed)
    return {
      json: { storage },
      text: [
        `${size(total)} in all${free === null ? '' : `; the disk has ${size(free)} left`}`,
        '',
        table(
          ['', 'number', 'on disk', 'spare'],
          [
            ['runs', thousands(runs.length), size(sum(runs)), size(spare)],
            ['datasets', thousands(datasets.length), size(sum(datasets)), ''],
            ['codes', '', size(codes), ''],
            ['database', '', size(database), ''],
            ['trash', thousands(removed.length), size(sum(removed)), size(sum(removed))],
          ],
        ),
        '',
        table(
          ['run', 'name', 'on disk', 'spare'],
          largest.map(({ run, name, bytes, spare: freed }) => [run, name, size(bytes), size(freed)]),
        ),
        ...(runs.length > listed ? [`and ${runs.length - listed} more (--json has all)`] : []),
        ...(unknown.folders.length > 0
          ? [
              '',
              `${counted(unknown.folders.length, 'folder')} (${size(unknown.bytes)}) ` +
                `${unknown.folders.length === 1 ? 'belongs' : 'belong'} to nothing that is known here and ` +
                `${unknown.folders.length === 1 ? 'is' : 'are'} left alone: ` +
                `${unknown.folders.slice(0, 3).join(', ')}${unknown.folders.length > 3 ? ', ...' : ''}.`,
            ]
          : []),
        ...(spare > 0 ? ['', `“storage thin” frees ${size(spare)} of runs.`] : []),
        ...(removed.length > 0 ? [`“storage empty” frees ${size(sum(removed))} of what was removed.`] : []),
      ].join('\n'),
    }
  },
}

/** Error: USAGE. */
function number(given: Arguments, name: string, most: number): number | undefined {
  const value = given.values[name]
  if (value === undefined) return undefined
  const found = String(value).trim() === '' ? NaN : Number(value)
  if (!(found >= (name === 'copies' ? 1 : 0) && found <= most) || (name === 'copies' && !Number.isInteger(found))) {
    throw new WorkbenchError(
      'USAGE',
      `--${name} is a number from ${name === 'copies' ? 1 : 0} to ${thousands(most)}, not “${String(value)}”.`,
      { field: name },
    )
  }
  return found
}

const thinningText = ({ runs, considered, copies, bytes, snapshots, ended }: Thinning): string =>
  runs === 0
    ? `Of ${counted(considered, 'run')} none has anything to give up: each keeps its result ` +
      `and snapshots, ${copies} ${copies === 1 ? 'copy' : 'copies'} of its weights at most.`
    : `${counted(runs, 'run')} of ${thousands(considered)} would give up ${size(bytes)}: ` +
      `${counted(snapshots, 'snapshot')}, and what only training needs of ${counted(ended, 'run')}.`

export const storageThin: Command = {
  usage: '[RUN...] [--experiment E] [--ended-before DAYS] [--copies N] [--dry-run]',
  summary: 'Takes from runs what they can do without: snapshots beyond a budget, and of ended ones the optimizer.',
  help: [
    'RUN...            only these; else all runs',
    '--experiment E    only the runs of an experiment',
    '--ended-before D  only runs that ended at least so many days ago',
    '--copies N        copies of its weights that a run keeps, its result among them',
    "                  (default: as the queue's settings say)",
    '--dry-run         only says what it would free',
    'Results, figures, curves and pictures stay, and runs that can be resumed go on bit for bit.',
  ],
  positionals: [0, 10_000],
  options: {
    experiment: { type: 'string' },
    'ended-before': { type: 'string' },
    copies: { type: 'string' },
    'dry-run': { type: 'boolean' },
  },
  async run(session, given, terminal) {
    const { experiment } = given.values,
      endedDaysAgo = number(given, 'ended-before', 100_000),
      copies = number(given, 'copies', 22)
    const asked: CallInput<'storage.thin'> = {
      ...(given.positionals.length === 0 ? {} : { runs: given.positionals }),
      ...(typeof experiment === 'string' ? { experiment } : {}),
      ...(endedDaysAgo === undefined ? {} : { endedDaysAgo }),
      ...(copies === undefined ? {} : { copies }),
    }
    const { thinning } = await session.call('storage.thinning', asked)
    if (given.values['dry-run'] === true || thinning.runs === 0)
      return { json: { thinning, freed: 0 }, text: thinningText(thinning) }
    const freed = Number(await taskDone(session, () => session.call('storage.thin', asked), terminal))
    return { json: { thinning, freed }, text: `${counted(thinning.runs, 'run')} thinned out; ${size(freed)} are free.` }
  },
}

export const storageEmpty: Command = {
  usage: '',
  summary: 'Deletes for good what was removed (as “trash empty” does).',
  async run({ call }) {
    const { runs, experiments, bytes } = await call('storage.empty', {})
    return {
      json: { runs, experiments, bytes },
      text: `${counted(runs, 'run')} and ${counted(experiments, 'experiment')} deleted for good; ${size(bytes)} are free.`,
    }
  },
}
