import type { Evaluation } from './domain.ts'
import { formatDecimals } from './quantities.ts'

/**
 * When a code unit of a probabilistic network has collapsed: its posterior is the prior for every image, and the decoder does
 * not read it.
 * - `kl`: nats, mean over the images. Lucas, Tucker, Grosse and Norouzi 2019, section 5, call a unit (epsilon, delta)-collapsed
 * if its KL is below
 *   epsilon for a share 1 - delta of the data; this is their epsilon, of the mean.
 * - `mean`, `deviation`: how far the posterior's mean (over the images) may be from 0 and its deviation from 1.
 * - `meanVariance`: of the posterior's mean over the images; units above it are active (Burda, Grosse and Salakhutdinov 2016,
 * section 4.1).
 * - `change`: by how much the bound may change, nats, mean over the images, when the collapsed units all go: up or down, so
 * that a run and its pruned one have the same bound for all purposes. How small the weights that read them must be for that
 * depends on what reads them and with how much noise they were trained, so no norm says it; they never become exactly 0, and
 * the noise that they let through costs something.
 */
export const collapseLimits = { kl: 0.01, mean: 0.1, meanVariance: 0.01, deviation: 0.1, change: 0.09 } as const

/**
 * `used`: its posterior tells something of the image. `silent`: it does not, and yet the decoder reads its noise. `collapsed`:
 * it does not, and the decoder has learned to ignore it.
 */
export type UnitState = 'used' | 'silent' | 'collapsed'

export interface UnitFigures {
  kl: number
  mean: number
  meanVariance: number
  deviation: number
  outgoing: number
}
export interface CodeUnit extends UnitFigures {
  unit: number
  state: UnitState
}

/** Whether a unit's posterior is the prior, as far as the limits tell. */
export const isPrior = ({ kl, mean, meanVariance, deviation }: Omit<UnitFigures, 'outgoing'>): boolean =>
  kl < collapseLimits.kl &&
  Math.abs(mean) < collapseLimits.mean &&
  meanVariance < collapseLimits.meanVariance &&
  Math.abs(deviation - 1) < collapseLimits.deviation

/** The code units of an evaluation, the one with the largest KL first; null where they were not measured. */
export function codeUnits({ klPerUnit, collapse }: Pick<Evaluation, 'klPerUnit' | 'collapse'>): CodeUnit[] | null {
  if (!klPerUnit || !collapse) return null
  const gone = new Set(collapse.units)
  return klPerUnit
    .map((kl, unit): CodeUnit => {
      const figures = {
        kl,
        mean: collapse.mean[unit]!,
        meanVariance: collapse.meanVariance[unit]!,
        deviation: collapse.deviation[unit]!,
        outgoing: collapse.outgoing[unit]!,
      }
      return { unit, ...figures, state: gone.has(unit) ? 'collapsed' : isPrior(figures) ? 'silent' : 'used' }
    })
    .sort((a, b) => b.kl - a.kl)
}

/**
 * The units that pruning would remove: all collapsed ones, but for the one with the largest KL where nothing else would be left
 * of the code. Ascending.
 */
export function prunable({ klPerUnit, collapse }: Pick<Evaluation, 'klPerUnit' | 'collapse'>): number[] {
  if (!klPerUnit || !collapse) return []
  if (collapse.units.length < klPerUnit.length) return collapse.units
  const last = klPerUnit.indexOf(Math.max(...klPerUnit))
  return collapse.units.filter((unit) => unit !== last)
}

/** Why a run cannot be pruned, in a sentence. */
export const notProbabilistic = (variant: string): string =>
  'Only code units that are drawn from a distribution can collapse onto its ' +
  `prior, and those of a run of ${variant} are not; choose a variational run.`
/** Why an evaluation leaves nothing to prune, in a sentence with the remedy. */
export function nothingToPrune(evaluation: Pick<Evaluation, 'klPerUnit' | 'collapse'>): string {
  const units = codeUnits(evaluation) ?? []
  const silent = units.filter(({ state }) => state === 'silent').length
  if (units.length === 1 && units[0]!.state === 'collapsed')
    return 'The only code unit has collapsed, and a code has at least one; train a run with less weight on the KL term.'
  if (silent === 0)
    return (
      'No code unit has collapsed: each tells something of the samples; keep the run ' +
      'as it is, or train one with more code units or more weight on the KL term.'
    )
  const [tell, them] = silent === 1 ? ['tells', 'it'] : ['tell', 'them']
  return (
    `No code unit can be removed: ${silent} of ${units.length} ${tell} nothing of the samples, but the decoder still ` +
    `reads ${them}, and without ${them} the bound would be another; train for longer, until it has learned not to.`
  )
}

/** By how much a bound may fall, nats, before it has lost something. */
const tolerance = 0.1

/** What pruning did to the bound, in a sentence. @param before, after ELBO in nats, a mean over images */
export function pruningSentence(before: number, after: number, removed: number): string {
  const change = after - before,
    size = Math.abs(change)
  const amount = `${formatDecimals(size, size < 0.1 ? 3 : 2)} nats`
  const units = `${removed} code ${removed === 1 ? 'unit' : 'units'}`
  const bounds = `it was ${formatDecimals(before, 2)} and is ${formatDecimals(after, 2)} nats`
  if (change < -tolerance) return `Without ${units} the bound fell: ${bounds}, ${amount} less.`
  return `Without ${units} the bound has lost nothing: ${bounds}${size < 0.0005 ? '' : `, ${amount} ${change > 0 ? 'more' : 'less'}`}.`
}
