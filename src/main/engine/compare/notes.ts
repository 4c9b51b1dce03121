import type { Run } from '../../../shared/domain.ts'
import { formatList } from './formats.ts'
import { quoted } from './wording.ts'

const stateWords: Partial<Record<Run['state'], string>> = {
  queued: 'has not started yet',
  running: 'is still running',
  paused: 'is paused',
  interrupted: 'was interrupted and can be resumed',
  diverged: 'diverged',
  failed: 'failed',
  cancelled: 'was cancelled',
}

/** True where the figures of the runs were measured on the same images and in the same way, so that they may be ranked. */
export function measuredAlike(runs: readonly Run[]): boolean {
  return distinct(runs.map((run) => run.datasetId)).length < 2 && distinct(versions(runs)).length < 2
}

/** What keeps the runs from being compared fairly: one sentence each, the gravest first. */
export function comparisonNotes(runs: readonly Run[]): string[] {
  const notes: string[] = []
  const datasets = new Map(runs.map((run) => [run.datasetId, run.dataset]))
  if (datasets.size > 1) {
    const names = formatList([...datasets.values()].sort())
    notes.push(`The runs use different datasets (${names}), hence different test images: their figures are not ranked.`)
  }
  if (distinct(versions(runs)).length > 1) {
    const numbers = formatList(distinct(versions(runs)).sort((a, b) => a - b).map(String))
    notes.push(`The runs were evaluated by different versions of the evaluation (${numbers}), so their figures are not ranked.`)
  }

  for (const state of Object.keys(stateWords) as (keyof typeof stateWords)[]) {
    const names = runs.filter((run) => run.state === state).map(quoted).sort()
    if (names.length > 0) notes.push(`${formatList(names)} ${plural(stateWords[state] ?? state, names.length)}.`)
  }
  const unevaluated = runs.filter((run) => run.state === 'completed' && run.evaluation === null).map(quoted).sort()
  if (unevaluated.length > 0) notes.push(`${formatList(unevaluated)} ${unevaluated.length === 1 ? 'has' : 'have'} not been evaluated.`)

  const best = runs.filter((run) => run.evaluation?.checkpoint === 'best').map(quoted).sort()
  const last = runs.filter((run) => run.evaluation?.checkpoint === 'last').map(quoted).sort()
  if (best.length > 0 && last.length > 0) {
    notes.push('Different checkpoints were evaluated: '
      + `of ${formatList(best)} the one with the lowest validation loss, of ${formatList(last)} the last.`)
  }

  const codes = distinct(runs.flatMap((run) => run.config.network.layers.at(-1) ?? [])).sort((a, b) => a - b)
  if (codes.length > 1) {
    const sizes = formatList(codes.map(String))
    notes.push(`The codes have different sizes (${sizes}); a larger code reconstructs better whatever the regularizer.`)
  }
  const withCurves = runs.filter((run) => Object.keys(run.latest).length > 0)
  if (distinct(withCurves.map((run) => run.config.fineTuning.kind)).length > 1) {
    notes.push('Some of the runs were trained to tell classes apart and others to reconstruct, so the heights of their loss curves cannot be compared.')
  } else if (distinct(withCurves.map((run) => run.config.reconstruction)).length > 1) {
    notes.push('The runs were trained on different reconstruction terms, so the heights of their loss curves cannot be compared.')
  }
  if (datasets.size === 1 && distinct(runs.map((run) => run.seed)).length > 1) {
    notes.push('The runs have different seeds, hence different validation images, which is part of the difference between their curves.')
  }
  return notes
}

function versions(runs: readonly Run[]): number[] {
  return runs.flatMap((run) => (run.evaluation ? [run.evaluation.version] : []))
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)]
}

/** The verb of several: `is paused` -> `are paused`. */
function plural(words: string, count: number): string {
  if (count === 1) return words
  return words.replace(/^is /, 'are ').replace(/^has /, 'have ').replace(/^was /, 'were ')
}
