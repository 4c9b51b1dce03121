import { isAbsolute, resolve } from 'node:path'
import type { Collected } from '../../../shared/calls/experiments.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { createExperiment } from '../experiments/create.ts'
import { collectFolder } from '../remote/collect.ts'
import { sendRuns } from '../remote/send.ts'
import type { Context, Handlers } from './context.ts'
import { Outcomes } from './outcomes.ts'

/** Experiments that are trained elsewhere from a folder. */
export const sendingHandlers = (context: Context, isPlace: (name: string) => boolean) => {
  const { home, store, queue, tasks, experiments, emit } = context
  const outcomes = new Outcomes<Collected>('Nothing is known of that collection any more; collect the folder again.')
  return {
    'experiments.send': ({ experiment: reference, plan, folder, threads, ...options }) => {
      if ((reference === undefined) === (plan === undefined))
        throw new WorkbenchError('CALL_INVALID', 'Say either which experiment, or which plan is to be sent.', {
          field: 'experiment',
        })
      if (isPlace(options.place))
        throw new WorkbenchError(
          'CALL_INVALID',
          `“${options.place}” is a place that the workbench submits to itself; choose another name.`,
          {
            field: 'place',
          },
        )
      const target = absolute(folder)
      const made = plan === undefined ? null : createExperiment({ store, home }, plan, true)
      const { id, name } = store.experiments.resolve(made?.id ?? reference!)
      for (const run of made?.runs ?? []) emit({ type: 'run', run: store.runs.get(run) })
      if (made !== null) experiments.tell(id)
      const { copies } = queue.settings.get()
      const task = tasks.start('send', name, async (signal, onProgress) => {
        const { runs } = await sendRuns({ store, home }, { experiment: id }, target, {
          ...options,
          threads: threads ?? queue.settings.threads,
          copies,
          signal,
          onProgress,
        })
        for (const run of runs) emit({ type: 'run', run: store.runs.get(run) })
        experiments.tell(id)
        return id
      })
      return { task }
    },
    'experiments.collect': ({ folder }) => {
      const target = absolute(folder)
      const task = tasks.start('collect', target, async (signal, onProgress) => {
        const collected = await collectFolder(context, target, { signal, onProgress })
        outcomes.keep(task.id, collected)
        const { experiment } = collected
        if (experiment !== null && store.experiments.has(experiment)) experiments.tell(experiment)
        return experiment ?? task.id
      })
      return { task }
    },
    'experiments.collected': ({ task }) => ({ collected: outcomes.get(task) }),
  } satisfies Partial<Handlers>
}

function absolute(folder: string): string {
  if (!isAbsolute(folder))
    throw new WorkbenchError('CALL_INVALID', `“${folder}” is not an absolute path; give the folder's whole path.`, {
      field: 'folder',
    })
  return resolve(folder)
}
