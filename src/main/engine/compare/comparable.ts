import type { Run } from '../../../shared/domain.ts'

/** What of a figure decides whether two of it may be ranked. */
interface Kind {
  bound?: boolean
}

/**
 * With what a run was measured, as text: figures may be ranked only where these texts are equal. The same test images (a binarised
 * dataset is another one), the same version of the evaluation, and for bounds of the likelihood the same likelihood and binarisation.
 */
export function yardstick(
  { datasetId, config, evaluation }: Pick<Run, 'datasetId' | 'config' | 'evaluation'>,
  figure?: Kind,
): string {
  const { binarise } = config.data
  return JSON.stringify([
    datasetId,
    evaluation?.version ?? null,
    figure?.bound ? [evaluation?.likelihood ?? null, binarise] : binarise !== 'none',
  ])
}

/** Whether the figures of the runs that were evaluated were measured on the same images and in the same way. */
export function measuredAlike(runs: readonly Run[], figure?: Kind): boolean {
  if (new Set(runs.map((run) => run.datasetId)).size > 1) return false
  return new Set(runs.filter((run) => run.evaluation !== null).map((run) => yardstick(run, figure))).size < 2
}
