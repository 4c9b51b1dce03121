import type { Evaluation } from './domain.ts'
import { formatQuantity } from './quantities.ts'

/**
 * From what on reconstructions are called too bright or dark: by so much of the images' mean, and by more than a step of 8-bit
 * pixels.
 */
const noticeable = { share: 0.08, least: 1 / 255 } as const

/**
 * By how much the reconstructions of clean images are brighter than these, as a share of their mean; null where that cannot be
 * noticed.
 */
function tooBright({ brightness }: Pick<Evaluation, 'brightness'>): number | null {
  if (brightness === null) return null
  const shift = brightness.clean - brightness.input
  return Math.abs(shift) > noticeable.least && Math.abs(shift) > noticeable.share * brightness.input
    ? shift / brightness.input
    : null
}

/**
 * What is to be known of a network that is judged on clean inputs, as a sentence without its subject: that those suit it less
 * than what it was trained on, or that it makes images too bright or too dark. Null where there is nothing.
 */
export function cleanInputsSentence(
  evaluation: Pick<Evaluation, 'squaredError' | 'corruptedSquaredError' | 'brightness'>,
): string | null {
  const { squaredError, corruptedSquaredError } = evaluation
  const corrupted = corruptedSquaredError !== null
  const worse = squaredError !== null && corrupted && squaredError > corruptedSquaredError
  const shift = tooBright(evaluation)
  const parts: string[] = []
  if (worse) {
    parts.push(
      `reconstructs clean inputs worse (squared error ${formatQuantity(squaredError)}) than those corrupted as in training ` +
        `(${formatQuantity(corruptedSquaredError)})`,
    )
  }
  if (shift !== null) {
    const amount = `${Math.round(100 * Math.abs(shift))}% ${shift > 0 ? 'brighter' : 'darker'}`
    parts.push(`makes ${corrupted ? 'clean ' : ''}images ${amount} than they are (${means(evaluation.brightness!)})`)
  }
  if (parts.length === 0) return null
  const why = corrupted ? ': it has seen corrupted inputs only, and what they lack it has learned to add' : ''
  return `${parts.join(' and ')}${why}.`
}

const means = ({ input, clean, corrupted }: NonNullable<Evaluation['brightness']>): string =>
  `mean ${formatQuantity(clean)} instead of ${formatQuantity(input)}` +
  (corrupted === null ? '' : `; from corrupted ones ${formatQuantity(corrupted)}`)
