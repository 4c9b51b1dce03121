import { cleanInputsSentence } from '../../../shared/cleanInputs.ts'
import type { Evaluation, Run } from '../../../shared/domain.ts'
import { counted } from '../../../shared/words.ts'
import { variants } from '../variants/index.ts'
import { likelihoodOf } from '../variants/variant.ts'
import { formatList } from './formats.ts'
import type { RunGroup } from './groups.ts'
import { aimNote } from './aims.ts'
import { oneForAllSentence } from './oneForAll.ts'
import { meanOf } from './statistics.ts'
import { groupName, quoted } from './wording.ts'

const stateWords: Partial<Record<Run['state'], string>> = {
  queued: 'has not started yet',
  submitted: 'was sent to another place and has not started yet',
  running: 'is still running',
  paused: 'is paused',
  interrupted: 'was interrupted and can be resumed',
  unknown: 'is at another place, and nothing is known of it',
  diverged: 'diverged',
  failed: 'failed',
  cancelled: 'was cancelled',
}

/** What keeps the runs from being compared fairly: one sentence each, the gravest first. */
export function comparisonNotes(
  runs: readonly Run[],
  groups: readonly Pick<RunGroup, 'seeds' | 'runs' | 'title' | 'named'>[],
  /** Whether a dataset, by id, brings the validation part of its runs. */
  validationBrought: (dataset: string) => boolean = () => false,
): string[] {
  const notes: string[] = []
  const datasets = new Map(runs.map((run) => [run.datasetId, run.dataset]))
  if (datasets.size > 1) {
    const names = formatList([...datasets.values()].sort())
    notes.push(`The runs use different datasets (${names}), hence different test samples: their figures are not ranked.`)
  }
  if (distinct(versions(runs)).length > 1) {
    const numbers = formatList(
      distinct(versions(runs))
        .sort((a, b) => a - b)
        .map(String),
    )
    notes.push(`The runs were evaluated by different versions of the evaluation (${numbers}), so their figures are not ranked.`)
  }
  const evaluated = runs.filter((run) => run.evaluation !== null)
  if (distinct(evaluated.map((run) => run.config.data.binarise !== 'none')).length > 1) {
    notes.push(
      'Some of the runs see binarised images and others see them as they are, ' +
        'so they were tested on different samples: their figures are not ranked.',
    )
  }
  const bounded = evaluated.filter((run) => run.evaluation!.elbo !== null)
  if (distinct(bounded.map((run) => run.evaluation!.likelihood)).length > 1) {
    notes.push('The bounds on the log likelihood are of different likelihoods of a pixel, so they are not ranked.')
  } else if (distinct(bounded.map((run) => run.config.data.binarise)).length > 1) {
    notes.push('The bounds on the log likelihood are of differently binarised images, so they are not ranked.')
  }
  const aims = aimNote(
    groups
      .filter((group) => group.runs.some((run) => run.evaluation !== null))
      .map((group) => ({ name: groupName(group), run: group.runs[0]! })),
  )
  if (aims !== null) notes.push(aims)
  notes.push(...processorNotes(groups))
  notes.push(...oneForAllNotes(runs))
  notes.push(...cleanInputsNotes(groups))

  for (const state of Object.keys(stateWords) as (keyof typeof stateWords)[]) {
    const names = namesOf(runs.filter((run) => run.state === state))
    if (names.length > 0) notes.push(`${listed(names)} ${plural(stateWords[state] ?? state, names.length)}.`)
  }
  const unevaluated = namesOf(runs.filter((run) => run.state === 'completed' && run.evaluation === null))
  if (unevaluated.length > 0) notes.push(`${listed(unevaluated)} ${unevaluated.length === 1 ? 'has' : 'have'} not been evaluated.`)

  const best = namesOf(runs.filter((run) => run.evaluation?.checkpoint === 'best'))
  const last = namesOf(runs.filter((run) => run.evaluation?.checkpoint === 'last'))
  if (best.length > 0 && last.length > 0) {
    notes.push(
      'Different checkpoints were evaluated: ' +
        `of ${listed(best)} the one with the lowest validation loss, of ${listed(last)} the last.`,
    )
  } else if (best.length > 0) {
    notes.push('Of every run the weights of its lowest validation loss were evaluated, not the last ones.')
  }

  const codes = distinct(runs.flatMap((run) => run.config.network.layers.at(-1) ?? [])).sort((a, b) => a - b)
  if (codes.length > 1) {
    const sizes = formatList(codes.map(String))
    notes.push(`The codes have different sizes (${sizes}); a larger code reconstructs better whatever the regularizer.`)
  }
  const withCurves = runs.filter((run) => Object.keys(run.latest).length > 0)
  if (distinct(withCurves.map((run) => run.config.fineTuning.kind)).length > 1) {
    notes.push(
      'Some of the runs were trained to tell classes apart and others to ' +
        'reconstruct, so the heights of their loss curves cannot be compared.',
    )
  } else if (distinct(withCurves.map(reconstructionOf)).length > 1) {
    notes.push('The runs were trained on different reconstruction terms, so the heights of their loss curves cannot be compared.')
  }
  const [only] = datasets.keys()
  if (only !== undefined && datasets.size === 1 && validationBrought(only)) {
    notes.push('The dataset brings its validation part, so that all runs are validated on the same images, whatever their seeds.')
  } else if (datasets.size === 1 && groups.length > 1 && distinct(groups.map(({ seeds }) => seeds.join())).length > 1) {
    notes.push(
      'Not all have the same seeds; runs of different seeds have different ' +
        'validation images, which is part of the difference between their curves.',
    )
  }
  const repeated = groups
    .flatMap((group) => (group.runs.length > group.seeds.length ? [group.runs.length - group.seeds.length] : []))
    .reduce((a, b) => a + b, 0)
  if (repeated > 0) {
    notes.push(
      `${repeated === 1 ? 'One run repeats' : `${repeated} runs repeat`} the settings and the ` +
        'seed of another; of such runs the newest that was evaluated stands in the means.',
    )
  }
  return notes
}

/** Seeds of one setting that were trained by different kinds of processors, or numbers of threads: sums in another order. */
function processorNotes(groups: readonly Pick<RunGroup, 'runs' | 'title' | 'named'>[]): string[] {
  const kinds = groups.map(({ runs }) =>
    distinct(
      runs.flatMap(({ processor, threads }) =>
        processor === null ? [] : [`${processor} with ${counted(threads ?? 1, 'thread')}`],
      ),
    ),
  )
  const mixed = groups.filter((_, index) => kinds[index]!.length > 1)
  if (mixed.length === 0) return []
  const all = distinct(kinds.filter((each) => each.length > 1).flat()).sort()
  return [
    `The seeds of ${listed(mixed.map(groupName))} were not all trained by one kind of processor with one number of threads ` +
      `(${formatList(all)}): the same run trained again on another of these has other last digits.`,
  ]
}

/** By what a run's reconstruction term is measured; a Bernoulli likelihood is the cross-entropy. */
function reconstructionOf({ variant: id, config }: Run): string {
  const variant = variants.find((one) => one.id === id),
    likelihood = variant ? likelihoodOf(variant, config) : null
  return likelihood === 'bernoulli' ? 'crossEntropy' : (likelihood ?? config.reconstruction)
}

export const namesOf = (runs: readonly Pick<Run, 'name'>[]): string[] => runs.map(quoted).sort()

/** Which runs give one picture for all, or might as well. Of several the first is told in full. */
export function oneForAllNotes(runs: readonly Pick<Run, 'name' | 'evaluation'>[]): string[] {
  const said = runs.flatMap((run) => {
    const sentence = run.evaluation && oneForAllSentence(run.evaluation)
    return sentence ? [{ run, sentence }] : []
  })
  const [first, ...others] = said
  if (first === undefined) return []
  const names = namesOf(others.map(({ run }) => run))
  return [
    `${quoted(first.run)} ${first.sentence}`,
    ...(names.length === 0 ? [] : [`So it is, or nearly so, with ${listed(names)}.`]),
  ]
}

/** Networks of which it is said what clean inputs do to them. */
const mostSaid = 3

/** What clean inputs, of which the figures are, do to networks, above all to those trained on corrupted ones. Of a group its means. */
function cleanInputsNotes(groups: readonly Pick<RunGroup, 'runs' | 'title' | 'named'>[]): string[] {
  const said = groups.flatMap(({ runs, title, named }) => {
    const evaluations = runs.flatMap(({ evaluation }) => evaluation ?? [])
    const sentence = evaluations.length === 0 ? null : cleanInputsSentence(meanEvaluation(evaluations))
    return sentence === null ? [] : [`${named ? `“${title}”` : title} ${sentence}`]
  })
  const more = said.length - mostSaid
  return more > 0 ? [...said.slice(0, mostSaid), `So it is with ${more} more.`] : said
}

function meanEvaluation(evaluations: readonly Evaluation[]): Parameters<typeof cleanInputsSentence>[0] {
  const mean = (read: (evaluation: Evaluation) => number | null | undefined): number | null => {
    const values = evaluations.map(read)
    return values.every((value) => typeof value === 'number') ? meanOf(values as number[]) : null
  }
  const input = mean(({ brightness }) => brightness?.input),
    clean = mean(({ brightness }) => brightness?.clean)
  return {
    squaredError: mean(({ squaredError }) => squaredError),
    corruptedSquaredError: mean((evaluation) => evaluation.corruptedSquaredError),
    brightness:
      input === null || clean === null ? null : { input, clean, corrupted: mean(({ brightness }) => brightness?.corrupted) },
  }
}

/** Many names tell nothing: the first few, and how many more. */
export const listed = (names: readonly string[]): string =>
  names.length <= 6 ? formatList(names) : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`

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
