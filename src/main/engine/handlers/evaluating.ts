import { existsSync } from 'node:fs'
import { WorkbenchError } from '../../../shared/errors.ts'
import { isUnderWay } from '../../../shared/runStates.ts'
import { identityOf, requireOwn } from '../checkpoint/belongs.ts'
import { checkpointFile } from '../checkpoint/checkpoint.ts'
import { runFolders } from '../home.ts'
import type { Context, Handlers } from './context.ts'

/** Measuring a run again. */
export const evaluationHandlers = ({ home, store, queue, tasks, jobs, emit }: Context) =>
  ({
    /** Errors: RUN_UNKNOWN, RUN_STATE, CHECKPOINT_MISSING. The task fails with RUN_STATE where the run was resumed meanwhile. */
    'runs.evaluate': ({ run: reference }) => {
      const run = store.runs.ours(reference)
      if (isUnderWay(run.state)) {
        throw new WorkbenchError(
          'RUN_STATE',
          `The run “${run.name}” is ${run.state}; it is evaluated when its training ends, so wait for that or cancel it.`,
          { field: 'run' },
        )
      }
      if (run.state === 'paused' || run.state === 'interrupted') {
        throw new WorkbenchError(
          'RUN_STATE',
          `The run “${run.name}” is ${run.state} and is evaluated when its ` +
            'training ends; resume it, or cancel it to evaluate what it has.',
          { field: 'run' },
        )
      }
      if (!existsSync(checkpointFile(home.run(run.id), 'last'))) {
        throw new WorkbenchError(
          'CHECKPOINT_MISSING',
          `The run “${run.name}” has no checkpoint to evaluate; start a new run with its settings.`,
          { field: 'run' },
        )
      }
      requireOwn(home.run(run.id), ['last', 'best'], identityOf(run, store.datasets.get(run.datasetId)))
      const task = tasks.start('evaluate', run.name, async (signal, onProgress, keep) => {
        const { evaluation } = await jobs.run(
          { kind: 'evaluate', ...runFolders(home, run) },
          { threads: run.threads, signal, onProgress },
        )
        const { state } = store.runs.get(run.id)
        if (state !== run.state)
          throw new WorkbenchError(
            'RUN_STATE',
            `The run “${run.name}” became ${state} while it was evaluated, so ` +
              'the result was not kept; it is evaluated when its training ends.',
          )
        await keep(() => store.runs.update(run.id, { evaluation }))
        emit({ type: 'run', run: queue.view(store.runs.get(run.id)) })
        return run.id
      })
      return { task }
    },
  }) satisfies Partial<Handlers>
