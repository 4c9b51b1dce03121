import { existsSync } from 'node:fs'
import type { CallInput } from '../../../../shared/calls.ts'
import { WorkbenchError } from '../../../../shared/errors.ts'
import type { PlanInput } from '../../../../shared/experiments.ts'
import { counted } from '../../../../shared/words.ts'
import type { Command } from '../command.ts'
import { readJsonFile } from '../jsonFile.ts'
import { taskDone } from '../wait.ts'
import { wholeNumber } from '../wholeNumber.ts'
import { importOwnSet } from './datasets.ts'

const optional = (name: string, value: unknown): number | undefined =>
  typeof value === 'string' ? wholeNumber(name, value) : undefined

export const experimentSend: Command = {
  usage: 'E|PLAN.json --to FOLDER',
  summary: 'Writes what is open of an experiment into a folder that trains it on another machine or a cluster.',
  help: [
    'E|PLAN.json       an experiment, or a plan that becomes one',
    '--to FOLDER       a new folder; README.txt in it says how it is used',
    '--threads N       of each training (default: as here)',
    '--runs-per-task N  runs that one task trains in turn (default: as many as take ten minutes)',
    '--place NAME      what its runs are said to be at (default: folder)',
  ],
  positionals: [1, 1],
  options: {
    to: { type: 'string' },
    threads: { type: 'string' },
    'runs-per-task': { type: 'string' },
    place: { type: 'string' },
  },
  async run(session, { positionals, values, path }, terminal) {
    const { to, place } = values
    if (typeof to !== 'string') throw new WorkbenchError('USAGE', 'Say where to write with --to FOLDER.', { field: 'to' })
    const what = positionals[0]!
    const threads = optional('threads', values['threads']),
      perTask = optional('runs-per-task', values['runs-per-task'])
    const input: CallInput<'experiments.send'> = {
      folder: path(to),
      ...(typeof place === 'string' ? { place } : {}),
      ...(threads === undefined ? {} : { threads }),
      ...(perTask === undefined ? {} : { perTask }),
    }
    if (what.endsWith('.json') && existsSync(path(what))) {
      const plan = readJsonFile(path(what), 'plan', '{"name": ..., "dataset": ..., "variants": [...]}') as unknown as PlanInput
      await importOwnSet(session, plan.dataset, terminal)
      input.plan = plan
    } else input.experiment = what
    const experiment = await taskDone(session, () => session.call('experiments.send', input), terminal)
    return {
      json: { experiment, folder: input.folder },
      text:
        `${input.folder}\nGo into it there and start “sbatch array.sh” or “sh array.sh”; ` +
        `then collect it here: experiment collect ${input.folder}`,
    }
  },
}

export const experimentCollect: Command = {
  usage: 'FOLDER',
  summary: 'Takes over what the runs of such a folder have done since the last time; as often as you like.',
  positionals: [1, 1],
  async run(session, { positionals, path }, terminal) {
    let task = ''
    const start = async () => {
      const started = await session.call('experiments.collect', { folder: path(positionals[0]!) })
      task = started.task.id
      return started
    }
    const experiment = await taskDone(session, start, terminal)
    const { collected } = await session.call('experiments.collected', { task })
    for (const { error } of collected.problems) terminal.tell(error.message)
    const summary = collected.experiment === null ? null : (await session.call('experiments.show', { experiment })).experiment
    const states: Record<string, number> = summary?.states ?? {},
      name = summary?.name ?? positionals[0]!
    const said = Object.entries(states).flatMap(([state, count]) => (count > 0 ? [`${count} ${state}`] : []))
    if (said.length === 0) said.push(counted(collected.runs, 'run'))
    const lost = collected.runs - collected.known
    const text = [
      `${name}: ${said.join(', ')}; something new of ${counted(collected.heard, 'run')}.`,
      ...(lost > 0 ? [`${counted(lost, 'run of the folder is', 'runs of the folder are')} not in this workbench any more.`] : []),
      ...(collected.problemCount > 0 ? [`${counted(collected.problemCount, 'run')} could not be taken over wholly.`] : []),
    ].join('\n')
    const [first] = collected.problems
    return { json: { collected, states }, text, ...(first === undefined ? {} : { error: first.error }) }
  },
}
