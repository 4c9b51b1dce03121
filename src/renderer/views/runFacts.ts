import type { VariantInfo } from '../../shared/config.ts'
import type { Dataset, Run, Stage } from '../../shared/domain.ts'
import { splitCounts, trainingRows } from '../../shared/split.ts'
import { isUnderWay } from '../../shared/runStates.ts'
import { shortTitle } from './runStages.ts'

/** How far a run is, from 0 to 1; null where that cannot be said. */
export function shareOf(run: Pick<Run, 'state' | 'progress' | 'step' | 'steps'>): number | null {
  if (run.state === 'running' && run.progress && run.progress.total > 0) return Math.min(1, run.progress.done / run.progress.total)
  return run.steps > 0 ? Math.min(1, run.step / run.steps) : null
}

/** Whether it has weights that can be taken away, and changes them no more. */
export const canExport = (run: Run): boolean => !isUnderWay(run.state) && (run.evaluation !== null || run.step > 0)

/** `24 s left`, `3 min left`: as short as a column of a table wants it. */
export function leftText(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s left`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min left`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h left` : `${Math.round(seconds / 86_400)} days left`
}

/**
 * What a list of runs to choose from offers. Without a text: all but the archived ones, of which only those that are chosen
 * already. With one: the runs in which every word of it occurs (in name, dataset, variant, state, `seed 3` or `archived`), the
 * archived ones after the others. The order is otherwise kept.
 */
export function filtered<T extends Pick<Run, 'id' | 'name' | 'dataset' | 'variant' | 'state' | 'seed' | 'archived'>>(
  runs: readonly T[],
  text: string,
  variants: ReadonlyMap<string, VariantInfo>,
  chosen: ReadonlySet<string> = new Set(),
): readonly T[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return runs.filter((run) => !run.archived || chosen.has(run.id))
  const found = runs.filter((run) => {
    const all = (
      `${run.name} ${run.dataset} ${run.variant} ${variants.get(run.variant)?.title ?? ''} ` +
      `${run.state} seed ${run.seed} ${run.id}${run.archived ? ' archived' : ''}`
    ).toLowerCase()
    return words.every((word) => all.includes(word))
  })
  return [...found.filter((run) => !run.archived), ...found.filter((run) => run.archived)]
}

/** Some of the runs before the others, the order otherwise kept: of ten thousand, a list shows those that are chosen. */
export const ahead = <T extends Pick<Run, 'id'>>(runs: readonly T[], first: ReadonlySet<string>): readonly T[] =>
  first.size === 0 ? runs : [...runs.filter(({ id }) => first.has(id)), ...runs.filter(({ id }) => !first.has(id))]

/**
 * The run that something begins with where nobody has chosen: the first that is not archived, or an archived one where there is
 * no other.
 */
export const usualOf = <T extends Pick<Run, 'archived'>>(runs: readonly T[]): T | undefined =>
  runs.find(({ archived }) => !archived) ?? runs[0]

/** `Epoch 5`, or the start, or which layer had just been pretrained. */
export function momentText(moment: { step: number; epoch: number }, iterative = true, stages: readonly Stage[] = []): string {
  if (!iterative) return 'Computed in closed form'
  const pretrained = stages.find(({ kind, startStep, steps }) => kind === 'layer' && startStep + steps === moment.step)
  if (pretrained) return `${shortTitle(pretrained)} pretrained`
  if (moment.step === 0 && moment.epoch === 0) return 'Before training'
  return `Epoch ${Number.isInteger(moment.epoch) ? moment.epoch : moment.epoch.toFixed(moment.epoch < 1 ? 2 : 1)}`
}

/**
 * The loss of a probabilistic variant over the whole training set, by the minibatch estimate N/M sum L: N times the mean over
 * the last batches. Null for variants whose loss is no negative log likelihood, and before the first point.
 */
export function totalLoss(
  run: Run,
  dataset: Pick<Dataset, 'count' | 'testCount' | 'validationCount'> | undefined,
): { total: number; rows: number; mean: number } | null {
  const { 'train/loss': loss, 'train/weightDecay': weightDecay } = run.latest
  if (!dataset || loss === null || loss === undefined || typeof run.config.regularizer['decoder'] !== 'string') return null
  // The strength of the weights is no part of any sample's likelihood.
  const mean = loss - (weightDecay ?? 0)
  const rows = trainingRows(splitCounts(dataset))
  return { total: rows * mean, rows, mean }
}

/** Why a run shows no reconstructions; null where it has them. */
export const noReconstructions = ({ config }: Pick<Run, 'config'>): string | null =>
  config.fineTuning.kind === 'classification'
    ? 'Trained for classification, this network has no decoder: it outputs classes, not reconstructions.'
    : null
