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

/** What likelihoods there are none of among what a run was measured by, and what it was trained for: a sentence each. */
function likelihoodsOf(run: Run, about: About | null): { measured: string | null; trained: string[] } {
  const variant = variants.find(({ id }) => id === run.variant)
  if (run.evaluation === null || about === null || variant === undefined) return { measured: null, trained: [] }
  const measured = run.evaluation.crossEntropy == null ? null : crossEntropyNote(run.config, about.facts)
  // Of cross-entropy that note says it already.
  const trained = likelihoodNotes(run.config, variant, about.facts, false)
  return { measured, trained: trained.filter((note) => measured === null || !note.startsWith('Cross-entropy')) }
}

/** What stands beside a run's likelihoods, wherever these are written. */
export function likelihoodsSaid(run: Run, about: About | null): string[] {
  const { measured, trained } = likelihoodsOf(run, about)
  return [...(measured === null ? [] : [measured]), ...trained]
}

/** Sentences with the names of those that they are about, where these are not all. @param said names by sentence */
export function sentencesOf(said: ReadonlyMap<string, readonly string[]>, total: number): string[] {
  const most = 4
  const named = (names: readonly string[]): string =>
    formatList([
      ...names.slice(0, most).map((name) => `“${name}”`),
      ...(names.length > most ? [`${names.length - most} more`] : []),
    ])
  return [...said].map(([note, names]) => (names.length === total ? note : `${named(names)}: ${note}`))
}

/**
 * What the data make of some runs' figures, one sentence each, whichever of them it is about: few test images, likelihoods that
 * are none.
 */
export function dataNotes(runs: readonly Run[], aboutOf: (datasetId: string) => About | null): string[] {
  const evaluated = runs.filter(({ evaluation }) => evaluation !== null)
  const fewTests = new Set<string>(),
    figures = new Set<string>(),
    trained = new Map<string, string[]>()
  for (const run of evaluated) {
    const about = aboutOf(run.datasetId)
    if (about === null) continue
    const few = fewTestsSentence(about.dataset)
    if (few !== null) fewTests.add(few)
    const { measured, trained: notes } = likelihoodsOf(run, about)
    if (measured !== null) figures.add(measured)
    for (const note of notes) trained.set(note, [...(trained.get(note) ?? []), run.name])
  }
  return [...fewTests, ...figures, ...sentencesOf(trained, runs.length)]
}
