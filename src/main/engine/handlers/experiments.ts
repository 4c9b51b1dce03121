import type { Run } from '../../../shared/domain.ts'
import type { ExperimentSummary } from '../../../shared/experiments.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { checkPlan } from '../experiments/check.ts'
import { createExperiment, replaceRun } from '../experiments/create.ts'
import { measurePlan } from '../experiments/measure.ts'
import { readPlanFile } from '../experiments/planFile.ts'
import { planTemplates } from '../experiments/templates.ts'
import type { StoredExperiment } from '../store/experiments.ts'
import { untilOf } from '../trash.ts'
import type { Context, Handlers } from './context.ts'

/** Experiments: what a plan comes to, and what is done with all runs of one. */
export const experimentHandlers = (context: Context) => {
  const { home, store, queue, tasks, trash, experiments, jobs, emit } = context
  const size = () => ({
    trainers: queue.settings.get().trainers,
    copies: queue.settings.get().copies,
    threads: queue.settings.threads,
  })

  /**
   * Runs that belong to it, in the order in which they were planned: seed by seed. Runs of others that it uses have ended, or
   * are theirs.
   */
  const ownRuns = ({ id, plan }: StoredExperiment): Run[] => {
    const order = new Map(plan.seeds.map((seed, index) => [seed, index]))
    return store.experiments
      .members(id)
      .filter(({ run }) => run !== null)
      .sort((a, b) => order.get(a.seed)! - order.get(b.seed)! || a.cell - b.cell)
      .map(({ run }) => store.runs.get(run!))
      .filter(({ experiment }) => experiment?.id === id)
  }
  /** Does something to each of its runs in one of these states, all of it stored together; those of a newer version stay as they are. */
  const each = (experiment: StoredExperiment, states: readonly Run['state'][], act: (run: Run) => void): ExperimentSummary => {
    store.transaction(() =>
      ownRuns(experiment)
        .filter(({ state, newer }) => !newer && states.includes(state))
        .forEach(act),
    )
    return experiments.tell(experiment.id)
  }

  return {
    'experiments.check': ({ plan }) => ({ check: checkPlan({ store, home, ...size() }, plan) }),
    'experiments.estimate': ({ plan }) => ({
      task: measurePlan({ store, home, tasks, jobs, threads: queue.settings.threads }, plan),
    }),
    'experiments.templates': ({ dataset }) => ({
      templates: planTemplates(home, dataset === undefined ? null : store.datasets.get(dataset)),
    }),
    'experiments.read': async ({ file }) => ({ plan: await readPlanFile(file) }),
    'experiments.create': ({ plan, held }) => {
      const { id, runs } = createExperiment({ store, home }, plan, held)
      for (const run of runs) emit({ type: 'run', run: store.runs.get(run) })
      if (!held) queue.add(...runs)
      experiments.tell(id)
      return { experiment: experiments.details(id) }
    },
    'experiments.list': () => ({ experiments: store.experiments.list().map(({ id }) => experiments.summary(id)) }),
    'experiments.show': ({ experiment }) => ({ experiment: experiments.details(store.experiments.resolve(experiment).id) }),
    'experiments.rename': ({ experiment: reference, name }) => {
      const { id } = store.experiments.resolve(reference)
      store.experiments.rename(id, name)
      return { experiment: experiments.tell(id) }
    },
    'experiments.pause': ({ experiment: reference }) => {
      const experiment = store.experiments.resolve(reference)
      store.experiments.want(experiment.id, 'paused')
      return { experiment: each(experiment, ['queued', 'submitted', 'running', 'unknown'], (run) => queue.pause(run)) }
    },
    'experiments.resume': ({ experiment: reference }) => {
      const experiment = store.experiments.resolve(reference)
      store.experiments.want(experiment.id, 'running')
      return { experiment: queue.together(() => each(experiment, ['paused', 'interrupted'], (run) => queue.again(run))) }
    },
    'experiments.cancel': ({ experiment: reference }) => {
      const experiment = store.experiments.resolve(reference)
      store.experiments.want(experiment.id, 'cancelled')
      return {
        experiment: each(experiment, ['queued', 'submitted', 'running', 'paused', 'interrupted', 'unknown'], (run) =>
          queue.cancel(run),
        ),
      }
    },
    'experiments.retry': ({ experiment: reference }) => {
      const experiment = store.experiments.resolve(reference)
      store.experiments.want(experiment.id, 'running')
      const removed = store.experiments.members(experiment.id).filter(({ run }) => run === null)
      return {
        experiment: queue.together(() => {
          for (const { cell, seed } of removed) {
            const run = replaceRun({ store, home }, experiment, cell, seed)
            emit({ type: 'run', run })
            queue.add(run.id)
          }
          return each(experiment, ['failed', 'interrupted', 'cancelled'], (run) => queue.again(run))
        }),
      }
    },
    'experiments.remove': async ({ experiment: reference, runs: withRuns }) => {
      const experiment = store.experiments.resolve(reference)
      const members = ownRuns(experiment)
      const training = members.filter(({ state }) => state === 'running')
      if (training.length > 0) {
        const which = training.length === 1 ? 'A run' : `${training.length} runs`,
          are = training.length === 1 ? 'is' : 'are'
        const message = `${which} of the experiment “${experiment.name}” ${are} training; cancel it first (aebench experiment cancel).`
        throw new WorkbenchError('EXPERIMENT_STATE', message, { field: 'experiment' })
      }
      // One that a newer version wrote is removed where it is named itself.
      const going = withRuns ? members.filter(({ id, newer }) => !newer && !store.experiments.isShared(id, experiment.id)) : []
      await Promise.all(going.map(({ id }) => queue.gone(id)))
      const now = new Date().toISOString()
      trash.removeRuns(
        going.map(({ id }) => id),
        now,
        () => store.experiments.markRemoved(experiment.id, now),
      )
      emit({ type: 'experimentRemoved', experiment: experiment.id })
      // Those that stay belong to no experiment now.
      const gone = new Set(going.map(({ id }) => id))
      for (const { id } of members) if (!gone.has(id)) emit({ type: 'run', run: queue.view(store.runs.get(id)) })
      return { experiment: experiment.id, runs: going.map(({ id }) => id), until: untilOf(now) }
    },
    'experiments.restore': ({ experiment: id }) => {
      const found = store.experiments.find(id)
      if (found === null)
        throw new WorkbenchError(
          'EXPERIMENT_UNKNOWN',
          `The experiment “${id}” is gone for good; the trash was emptied, or it was removed long ago.`,
          { field: 'experiment' },
        )
      const together =
        found.removedAt === null
          ? []
          : store.runs.removed().filter(({ experiment, removedAt }) => experiment === id && removedAt === found.removedAt)
      trash.restoreRuns(
        together.map((run) => run.id),
        () => store.experiments.markRemoved(id, null),
      )
      const restored = together.map(({ id: run }) => queue.view(store.runs.get(run)))
      // Those that had stayed belong to it again.
      for (const run of ownRuns(store.experiments.resolve(id))) emit({ type: 'run', run: queue.view(run) })
      queue.add(...restored.filter(({ state }) => state === 'queued').map((run) => run.id))
      return { experiment: experiments.tell(id) }
    },
  } satisfies Partial<Handlers>
}
