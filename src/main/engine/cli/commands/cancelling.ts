import { counted } from '../../../../shared/words.ts'
import type { Command } from '../command.ts'
import { lookEverywhere } from './places.ts'
import { runJson } from './runs.ts'

export const runsCancel: Command = {
  usage: 'RUN...',
  summary: 'Ends runs that train or wait in the workbench that is open; what they trained until then is kept.',
  positionals: [1, 10_000],
  async run({ call }, { positionals }) {
    const ids: string[] = []
    for (const run of positionals) ids.push((await call('runs.show', { run })).run.id)
    const runs = []
    for (const run of new Set(ids)) runs.push((await call('runs.cancel', { run })).run)
    if (runs.some(({ place }) => place !== null)) await lookEverywhere(call)
    return {
      json: { runs: runs.map(runJson) },
      text: `${counted(runs.length, 'run')} cancelled; what was trained until now is kept.`,
    }
  },
}

export const experimentCancel: Command = {
  usage: 'E',
  summary: 'Ends all runs of an experiment that train or wait; those that have ended stay as they are.',
  positionals: [1, 1],
  async run({ call }, { positionals }) {
    const { experiment } = await call('experiments.cancel', { experiment: positionals[0]! })
    await lookEverywhere(call)
    const again = `“experiment resume ${experiment.id} --retry” takes its open runs up again`
    return { json: { experiment }, text: `The experiment “${experiment.name}” is cancelled; ${again}.` }
  },
}
