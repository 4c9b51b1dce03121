import { keepsBest, type Config } from '../../../../shared/config.ts'
import { counted, thousands } from '../../../../shared/words.ts'
import type { Problem, Variant } from '../variant.ts'

/** Rules on how long is trained, in what batches, and on what is to happen within that time. */

/** Share of the rows that an epoch may leave out without a word. */
const silentShare = 0.05

/** What is wrong with the lengths of a training. @param available rows for training @param validated those that validate it */
export function lengthProblems(
  { training, pretraining, fineTuning, regularizer }: Config,
  variant: Variant,
  available: number,
  validated: number,
): Problem[] {
  const problems: Problem[] = []
  // A handful of labelled images is one batch.
  const few = fineTuning.kind === 'classification' && fineTuning.labelled > 0
  const tooLarge = (field: string): Problem => ({
    field,
    message: `The training split has ${counted(available, 'image')}; set ${field} to at most that.`,
  })
  if (!variant.fit && !few && training.batchSize > available) problems.push(tooLarge('training.batchSize'))
  if (pretraining.kind !== 'none' && pretraining.batchSize > available) problems.push(tooLarge('pretraining.batchSize'))
  const tooLong = (field: string, what: string): Problem => ({
    field,
    message: `${what} cannot last longer than training; set ${field} to at most ${training.epochs}.`,
  })
  if (!variant.fit && training.warmupEpochs > training.epochs) problems.push(tooLong('training.warmupEpochs', 'Warm-up'))
  const rise = variant.warmup?.(regularizer as never)
  if (rise && rise.epochs > training.epochs) problems.push(tooLong(rise.field, rise.title))
  if (!variant.fit && keepsBest({ training }) && validated === 0) {
    problems.push({
      field: 'training.keep',
      message:
        'No image is left for validation, by whose loss the best weights would be known; set training.keep to last, or use a ' +
        'dataset with more images.',
    })
  }
  return problems
}

/**
 * Epochs of the whole network's training in which its learning rate or its objective are still on their way: whether it gets better
 * no more is judged after these.
 */
export const warmupOf = (variant: Variant, { training, regularizer }: Config): number =>
  Math.max(training.warmupEpochs, variant.warmup?.(regularizer as never).epochs ?? 0)

/**
 * Whether a training stops early where it has come to.
 * @param startEpoch of the whole network's training, before which there may have been layers'
 */
export function isOutOfPatience(
  variant: Variant,
  config: Config,
  { epoch, best }: { epoch: number; best: { epoch: number } | null },
  startEpoch: number,
): boolean {
  const { patience } = config.training
  // What is still on its way, learning rate or objective, is not judged: patience counts from the end of that.
  const judgedFrom = startEpoch + Math.ceil(warmupOf(variant, config))
  return patience > 0 && epoch - Math.max(best?.epoch ?? startEpoch, judgedFrom) >= patience
}

/** What of the lengths of a training is allowed and can hardly be meant. @param available rows for training */
export const lengthWarnings = (config: Config, variant: Variant, available: number, validated: number): string[] =>
  variant.fit ? [] : [...leftOut(config, available), ...patienceWarnings(config, variant, validated)]

/** Rows that the whole network is trained with: of a classification with few labels only those. */
export const lastRows = ({ fineTuning }: Pick<Config, 'fineTuning'>, rows: number): number =>
  fineTuning.kind === 'classification' && fineTuning.labelled > 0 ? Math.min(fineTuning.labelled, rows) : rows

/** Batches of one size are all that is trained with: what is left over at an epoch's end waits for another order. */
function leftOut(config: Config, available: number): string[] {
  const { training, pretraining } = config
  const rows = lastRows(config, available)
  return [
    ...(pretraining.kind === 'none' ? [] : leftOver('pretraining.batchSize', pretraining.batchSize, available)),
    ...leftOver(
      'training.batchSize',
      Math.min(training.batchSize, config.fineTuning.kind === 'classification' ? rows : Infinity),
      rows,
    ),
  ]
}

function leftOver(field: string, batchSize: number, rows: number): string[] {
  const steps = Math.floor(rows / batchSize),
    left = rows - steps * batchSize
  if (!Number.isFinite(rows) || steps === 0 || left <= silentShare * rows) return []
  const better = Math.floor(rows / (steps + 1))
  const remedy =
    better > 1 && rows % better <= silentShare * rows
      ? `; with ${thousands(better)}, ${['none is', '1 is'][rows % better] ?? `${rows % better} are`}`
      : ''
  return [
    `${thousands(left)} of the ${counted(rows, 'training image')} (${Math.round((100 * left) / rows)}%) are left out of each epoch, ` +
      `others every time, because it is made of whole batches of ${thousands(batchSize)} (${field})${remedy}.`,
  ]
}

function patienceWarnings(config: Config, variant: Variant, validated: number): string[] {
  const { patience, epochs } = config.training
  if (patience === 0) return []
  if (validated === 0) return ['No image is left for validation, by which early stopping goes: training.patience has no effect.']
  const warmup = Math.ceil(warmupOf(variant, config))
  if (warmup + patience < epochs) return []
  const after = warmup === 0 ? '' : ` after ${counted(warmup, 'epoch')} of warm-up`
  return [
    `A training.patience of ${patience}${after} is never over within ${counted(epochs, 'epoch')}: nothing stops early` +
      `${keepsBest(config) ? ', and the weights of the lowest validation loss are kept' : ''}.`,
  ]
}
