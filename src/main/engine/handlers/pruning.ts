import { existsSync } from 'node:fs'
import { notProbabilistic, nothingToPrune, prunable } from '../../../shared/collapse.ts'
import type { Run } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { isUnderWay } from '../../../shared/runStates.ts'
import { identityOf, requireOwn } from '../checkpoint/belongs.ts'
import { checkpointFile } from '../checkpoint/checkpoint.ts'
import { runFolders, type Home } from '../home.ts'
import type { Store } from '../store/store.ts'
import { variantOf } from '../variants/registry.ts'
import type { Context, Handlers } from './context.ts'
import { addMadeRun } from './madeRun.ts'

/** Making a smaller run of one whose code units have collapsed. */
export const pruningHandlers = (context: Context) => {
  const { home, store, tasks, jobs } = context
  return {
    /**
     * Errors: RUN_UNKNOWN, RUN_STATE, VARIANT_UNSUITABLE, CHECKPOINT_MISSING, NOTHING_TO_PRUNE; the task fails with the last
     * two as well, and with RUN_UNKNOWN where the run was removed meanwhile. Whatever ends it early, no run and no folder is
     * left.
     */
    'runs.prune': ({ run: reference }) => {
      const run = store.runs.ours(reference)
      requirePrunable(run, home)
      requireOwn(home.run(run.id), ['last', 'best'], identityOf(run, store.datasets.get(run.datasetId)))
      const task = tasks.start(
        'prune',
        run.name,
        (signal, onProgress, keep) =>
          addMadeRun(context, keep, async (outFolder) => {
            const { config, removed, elbo, preview, parameters, ...reached } = await jobs.run(
              { kind: 'prune', ...runFolders(home, run), outFolder },
              { threads: run.threads, signal, onProgress },
            )
            signal.throwIfAborted()
            if (!store.runs.has(run.id))
              throw new WorkbenchError('RUN_UNKNOWN', `The run “${run.name}” was removed while it was pruned, so nothing was kept.`)
            return {
              run: {
                name: freeName(store, run.name),
                datasetId: run.datasetId,
                variant: run.variant,
                seed: run.seed,
                config,
                epochs: run.epochs,
                steps: run.steps,
                stages: [],
                parameters,
                origin: { kind: 'pruned', run: run.id, removed, elbo },
              },
              reached: { ...reached, threads: run.threads ?? jobs.threads },
              preview,
            }
          }),
        { short: true },
      )
      return { task }
    },
  } satisfies Partial<Handlers>
}

/** What can be said before any work: its state, its variant, its weights, and what its evaluation found. */
function requirePrunable(run: Run, home: Home): void {
  const refuse = (code: 'RUN_STATE' | 'VARIANT_UNSUITABLE' | 'CHECKPOINT_MISSING' | 'NOTHING_TO_PRUNE', message: string) =>
    new WorkbenchError(code, message, { field: 'run' })
  const variant = variantOf(run.variant)
  if (!variant.likelihood) throw refuse('VARIANT_UNSUITABLE', notProbabilistic(variant.title))
  if (isUnderWay(run.state))
    throw refuse('RUN_STATE', `The run “${run.name}” is ${run.state}; prune it when its training has ended.`)
  if (run.state === 'paused' || run.state === 'interrupted') {
    throw refuse(
      'RUN_STATE',
      `The run “${run.name}” is ${run.state}; resume it and prune it when its training has ended, or cancel it to prune what it has.`,
    )
  }
  if (!existsSync(checkpointFile(home.run(run.id), 'last'))) {
    throw refuse(
      'CHECKPOINT_MISSING',
      `The run “${run.name}” has no checkpoint whose units could be pruned; start a new run with its settings.`,
    )
  }
  // Evaluations of earlier versions know nothing of collapse; then the task finds out.
  if (run.evaluation?.collapse && prunable(run.evaluation).length === 0)
    throw refuse('NOTHING_TO_PRUNE', nothingToPrune(run.evaluation))
}

/** `NAME pruned`, or with a number where that is taken; never longer than a name may be. */
function freeName(store: Store, name: string): string {
  const usedNames = new Set(store.runs.list().map((run) => run.name))
  const named = (end: string) => `${name.slice(0, 200 - end.length).trimEnd()}${end}`
  let free = named(' pruned')
  for (let number = 2; usedNames.has(free); number += 1) free = named(` pruned ${number}`)
  return free
}
