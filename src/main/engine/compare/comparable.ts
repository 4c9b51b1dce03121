import type { Run } from '../../../shared/domain.ts'
import type { Yardstick } from '../figures/figure.ts'

/**
 * With what a run was measured, as text: figures may be ranked only where these texts are equal. The same test images (a binarised
 * dataset is another one), the same version of the evaluation, and for bounds of the likelihood the same likelihood and binarisation.
 */
export function yardstick(
  { datasetId, config, evaluation }: Pick<Run, 'datasetId' | 'config' | 'evaluation'>,
  by: Yardstick = 'samples',
): string {
  const { binarise } = config.data
  return JSON.stringify([
    datasetId,
    evaluation?.version ?? null,
    by === 'likelihood' ? [evaluation?.likelihood ?? null, binarise] : binarise !== 'none',
  ])
}

/** Whether the figures of the runs that were evaluated were measured on the same images and in the same way. */
export function measuredAlike(runs: readonly Run[], by?: Yardstick): boolean {
  if (new Set(runs.map((run) => run.datasetId)).size > 1) return false
  return new Set(runs.filter((run) => run.evaluation !== null).map((run) => yardstick(run, by))).size < 2
}

/** All yardsticks of a run. */
export const yardsticksOf = (run: Parameters<typeof yardstick>[0]): Record<Yardstick, string> => ({
  samples: yardstick(run),
  likelihood: yardstick(run, 'likelihood'),
})
