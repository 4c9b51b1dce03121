import type { Corruption } from '../../../shared/questions.ts'
import { numberOf, oneOf } from '../../state/exploreAddress.ts'

/** `own`: as the variant corrupts in its training. */
export type Noise = 'own' | Corruption['kind']

export const noiseTitles: Record<Noise, string> = {
  own: 'As in training',
  none: 'None',
  masking: 'Masking',
  saltAndPepper: 'Salt and pepper',
  gaussian: 'Gaussian',
}
/** What the amount of a corruption counts, and how far its slider goes. */
export const noiseAmounts: Record<Exclude<Noise, 'own' | 'none'>, { title: string; most: number; usual: number }> = {
  masking: { title: 'Share of pixels', most: 1, usual: 0.3 },
  saltAndPepper: { title: 'Share of pixels', most: 1, usual: 0.2 },
  gaussian: { title: 'Standard deviation', most: 1, usual: 0.3 },
}

/** What a view's options say about noise; `level` is there for those that have an amount. */
export function noiseOf(
  options: Readonly<Record<string, string>>,
  choices: readonly Noise[],
  usual: Noise,
): { kind: Noise; level: number } {
  const kind = oneOf(options, 'noise', choices, usual)
  if (kind === 'own' || kind === 'none') return { kind, level: 0 }
  const { most, usual: level } = noiseAmounts[kind]
  return { kind, level: numberOf(options, 'amount', level, 0, most) }
}

/** As a question has it; undefined: the variant's own. */
export const corruptionOf = ({ kind, level }: { kind: Noise; level: number }): Corruption | undefined =>
  kind === 'own' ? undefined : { kind, level }
