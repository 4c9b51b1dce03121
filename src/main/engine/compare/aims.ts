import type { Run } from '../../../shared/domain.ts'
import { inSentence } from '../../../shared/words.ts'
import type { Goal } from '../figures/figure.ts'
import { goalsOf } from '../figures/index.ts'
import { likelihoodWords } from '../figures/likelihood.ts'
import { variants } from '../variants/index.ts'
import { likelihoodOf } from '../variants/variant.ts'
import { formatList } from './formats.ts'

/** What a run was trained for: the figure's kind, or null where no figure measures it; and in words, behind “trained”. */
interface Aim {
  goal: Goal | null
  words: string
}
type Aimed = Pick<Run, 'variant' | 'config' | 'origin'>

const byId = new Map(variants.map((variant) => [variant.id, variant]))

function aimOf({ variant: id, config, origin }: Aimed): Aim {
  if (origin?.kind === 'weights' && origin.trained === false)
    return { goal: null, words: 'for what its file of weights does not say' }
  if (config.fineTuning.kind === 'classification') return { goal: 'classes', words: 'for the classes' }
  const variant = byId.get(id)
  const likelihood = variant ? likelihoodOf(variant, config) : null
  if (variant && likelihood) {
    const weight = config.regularizer['klWeight']
    const under = `under ${likelihoodWords[likelihood]}`
    // Where likelihood and divergence are one term, it is the bound of several draws.
    if (!variant.terms.includes('kl')) return { goal: 'importanceBound', words: `for the importance-weighted bound ${under}` }
    if (typeof weight === 'number' && weight !== 1)
      return { goal: null, words: `for a bound ${under} whose KL term weighs ${weight}` }
    return { goal: 'elbo', words: `for the bound ${under}` }
  }
  if (variant?.machine) return { goal: null, words: 'by contrastive divergence' }
  return config.reconstruction === 'squaredError'
    ? { goal: 'squaredError', words: 'for squared error' }
    : { goal: 'crossEntropy', words: 'for cross-entropy' }
}

interface Subject {
  name: string
  run: Aimed
}

/** Who was trained for what, one entry a purpose, those first that were trained for the figure. */
function purposes(subjects: readonly Subject[], goals: readonly Goal[]) {
  const byWords = Map.groupBy(
    subjects.map(({ name, run }) => ({ name, aim: aimOf(run) })),
    ({ aim }) => aim.words,
  )
  return [...byWords]
    .map(([words, members]) => ({
      words,
      names: members.map(({ name }) => name).sort(),
      meant: members[0]!.aim.goal !== null && goals.includes(members[0]!.aim.goal),
    }))
    .sort((a, b) => Number(b.meant) - Number(a.meant) || (a.words < b.words ? -1 : 1))
}

const named = (names: readonly string[]): string =>
  names.length <= 4 ? formatList(names) : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`

/**
 * That some were trained for another figure than the one that ranks them, as the end of a sentence about the figure; empty
 * where all were trained for it, and for figures that none was. Labels alone set apart who is ranked by accuracy.
 */
export function aimClause({ key, title }: { key: string; title: string }, subjects: readonly Subject[]): string {
  const goals = goalsOf(key)
  if (goals === null || subjects.length === 0) return ''
  const found = purposes(subjects, goals)
  if (found.every(({ meant }) => meant) || (goals.includes('classes') && !found.some(({ meant }) => meant))) return ''
  const [only] = found
  if (found.length === 1) {
    const who = subjects.length === 1 ? 'it was' : subjects.length === 2 ? 'both were' : 'all were'
    return `; ${who} trained ${only!.words}, not for ${goals[0] === 'squaredError' ? 'squared error' : inSentence(title)}`
  }
  return (
    '; ' +
    formatList(
      found.map(
        ({ names, words }, index) =>
          `${named(names)} ${index > 0 ? '' : names.length === 1 ? 'was trained ' : 'were trained '}${words}`,
      ),
    )
  )
}

/** One sentence below tables and plots of runs that were trained for different things; null where all were trained for the same. */
export function aimNote(subjects: readonly Subject[]): string | null {
  const found = purposes(subjects, [])
  if (found.length < 2) return null
  const said = found.map(
    ({ names, words }, index) =>
      `${named(names)} ${index > 0 ? '' : names.length === 1 ? 'was trained ' : 'were trained '}${words}`,
  )
  return `Not all were trained for the same: ${said.join('; ')}. A figure ranks those ahead that were trained for it.`
}
