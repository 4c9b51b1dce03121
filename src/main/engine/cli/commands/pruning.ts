import { pruningSentence } from '../../../../shared/collapse.ts'
import type { Command } from '../command.ts'
import { taskDone } from '../wait.ts'
import { describeRun, runJson } from './runs.ts'

export const prune: Command = {
  usage: 'RUN',
  summary: 'A new run without the collapsed code units of a variational one, evaluated; the bound before and after.',
  help: [
    'A code unit has collapsed when it tells nothing of the images and the decoder does not read it.',
    'The run itself stays as it is.',
  ],
  positionals: [1, 1],
  async run(session, { positionals }, terminal) {
    const id = await taskDone(session, () => session.call('runs.prune', { run: positionals[0]! }), terminal)
    const { run } = await session.call('runs.show', { run: id })
    const removed = run.origin?.removed ?? []
    const before = run.origin?.elbo ?? null,
      after = run.evaluation?.elbo ?? null
    const sentence = before === null || after === null ? '' : `\n\n${pruningSentence(before, after, removed.length)}`
    return { json: { run: runJson(run), before, after, removed }, text: `${await describeRun(session, run)}${sentence}` }
  },
}
