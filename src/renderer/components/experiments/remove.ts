import type { ExperimentSummary } from '../../../shared/experiments.ts'
import { counted } from '../../format.ts'
import { call } from '../../state/connection.svelte.ts'
import { experiments } from '../../state/experiments.svelte.ts'
import { undo } from '../../state/undo.svelte.ts'

/** Takes an experiment and its runs away and offers to bring them back. Rejects where it cannot be: a run of it trains. */
export async function removeExperiment(experiment: Pick<ExperimentSummary, 'id' | 'name'>): Promise<void> {
  const { runs } = await call('experiments.remove', { experiment: experiment.id })
  experiments.drop(experiment.id)
  undo.offer(`“${experiment.name}” was removed${runs.length ? ` with ${counted(runs.length, 'run')}` : ''}.`, async () => {
    experiments.put((await call('experiments.restore', { experiment: experiment.id })).experiment)
  })
}
