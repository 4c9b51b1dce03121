import type { Dataset, Run } from '../../../shared/domain.ts'
import { fewTestsSentence } from '../../../shared/fewTests.ts'
import { crossEntropyNote, likelihoodNotes } from '../variants/likelihoodNotes.ts'
import { variants } from '../variants/registry.ts'
import type { Facts } from '../variants/variant.ts'
import { formatList } from './formats.ts'

export interface About {
  dataset: Dataset
  facts: Pick<Facts, 'pixels'>
}

/**
 * What the data make of some runs' figures, one sentence each, whichever of them it is about: few test images, likelihoods that
 * are none.
 */
export function dataNotes(runs: readonly Run[], aboutOf: (datasetId: string) => About | null): string[] {
  const evaluated = runs.filter(({ evaluation }) => evaluation !== null)
  const few = new Set<string>(),
    figures = new Set<string>(),
    trained = new Map<string, string[]>()
  for (const run of evaluated) {
    const about = aboutOf(run.datasetId),
      variant = variants.find(({ id }) => id === run.variant)
    if (about === null || variant === undefined) continue
    const said = fewTestsSentence(about.dataset)
    if (said !== null) few.add(said)
    const measured = run.evaluation?.crossEntropy == null ? null : crossEntropyNote(run.config, about.facts)
    if (measured !== null) figures.add(measured)
    // Of cross-entropy that note says it already.
    for (const note of likelihoodNotes(run.config, variant, about.facts, false)) {
      if (measured === null || !note.startsWith('Cross-entropy')) trained.set(note, [...(trained.get(note) ?? []), run.name])
    }
  }
  const most = 4
  const named = (names: readonly string[]): string =>
    formatList([
      ...names.slice(0, most).map((name) => `“${name}”`),
      ...(names.length > most ? [`${names.length - most} more`] : []),
    ])
  return [
    ...few,
    ...figures,
    ...[...trained].map(([note, names]) => (names.length === runs.length ? note : `${named(names)}: ${note}`)),
  ]
}
