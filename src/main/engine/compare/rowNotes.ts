import type { Run } from '../../../shared/domain.ts'
import { oneForAllNotes } from './notes.ts'
import { oneForAllSaid } from './oneForAll.ts'

/** Figures that are likelihoods, of whatever pixels they are. */
const likelihoods: readonly string[] = ['crossEntropy', 'elbo', 'logLikelihood']

/**
 * What is to be known of a row's figures, a sentence each: that a run rebuilds nothing, and that likelihoods are none.
 * @param runs those that the figures are of @param likelihoodsOf what is to be known of a run's likelihoods
 * @param figures keys of the row's figures; null for all
 */
export function saidOfRow(
  runs: readonly Pick<Run, 'id' | 'name' | 'evaluation'>[],
  likelihoodsOf: (run: string) => readonly string[],
  figures: readonly string[] | null,
): string[] {
  if (figures?.length === 0) return []
  const [first] = runs
  const rebuilt = runs.length === 1 ? oneForAllSaid(first!.evaluation) : oneForAllNotes(runs)
  const asked = figures === null || figures.some((key) => likelihoods.includes(key))
  return [...rebuilt, ...new Set(asked ? runs.flatMap(({ id }) => likelihoodsOf(id)) : [])]
}
