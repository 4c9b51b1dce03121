import type { Evaluation } from '../../../shared/domain.ts'
import { formatPercent, formatQuantity } from '../../../shared/quantities.ts'

/** Less of the variance of the samples than this is none: who gives so little gives one picture, whatever it reads. */
const least = 0.01

/**
 * What is to be known of a network that rebuilds nothing of what it reads, as a sentence without its subject: that it gives one
 * picture for all, or that one picture for all would be as near. Null where it does better, and where that was not measured.
 */
export function oneForAllSentence({
  squaredError,
  meanImageSquaredError: ofMean,
  reconstructionVariance: variance,
}: Pick<Evaluation, 'squaredError' | 'meanImageSquaredError' | 'reconstructionVariance'>): string | null {
  if (squaredError === null || ofMean === null || variance === null) return null
  const errors = `a squared error of ${formatQuantity(squaredError)}, and the mean of the training samples has ${formatQuantity(ofMean)}`
  if (variance < least)
    return (
      `reconstructs the same for every input, with ${formatPercent(variance, 1)} of the variance of the samples: ${errors}. ` +
      'Whatever its code tells of classes, nothing of it is decoded; train again with another learning rate or activation.'
    )
  return squaredError < ofMean ? null : `reconstructs no better than one picture for all would: ${errors}.`
}

/** The same as a sentence by itself, beside a run's figures; nothing where there is nothing to be known. */
export function oneForAllSaid(evaluation: Evaluation | null): string[] {
  const sentence = evaluation && oneForAllSentence(evaluation)
  return sentence ? [`It ${sentence}`] : []
}
