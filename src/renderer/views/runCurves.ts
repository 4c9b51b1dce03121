import type { Stage } from '../../shared/domain.ts'
import { seriesParts } from '../terms.ts'

/** Series of a run by what they are: a term of an objective, in the stages that have it, or something that is watched beside it. */
export interface TermSeries {
  term: string
  prefixes: string[]
}
export interface WatchedSeries {
  name: string
  prefix: string
  /** Keys by unit; one without an index where there is one value. */ keys: string[]
  units: boolean
}

/**
 * Terms are what is trained, so they have a series of training; what has only one of validation is watched. With `looked` of
 * one stage only.
 * @param order of the terms, as the formulas have them; others follow
 */
export function termSeries(
  keys: Iterable<string>,
  stages: readonly Pick<Stage, 'prefix'>[],
  order: readonly string[],
  looked: string | null,
): TermSeries[] {
  const prefixes = stages.length > 0 ? stages.map(({ prefix }) => prefix) : ['']
  const found = new Map<string, Set<string>>()
  for (const key of keys) {
    const { prefix, set, term } = seriesParts(key)
    if (set !== 'train' || (looked !== null && prefix !== looked)) continue
    const termPrefixes = found.get(term)
    if (termPrefixes) termPrefixes.add(prefix)
    else found.set(term, new Set([prefix]))
  }
  const rank = (term: string) => (order.includes(term) ? order.indexOf(term) : order.length)
  return [...found]
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([term, termPrefixes]) => ({ term, prefixes: prefixes.filter((prefix) => termPrefixes.has(prefix)) }))
}

/** The one term that each of these stages has beside its loss, which it then is; null where some stage has several, or they differ. */
export function onlyTerm(terms: readonly TermSeries[]): string | null {
  const others = terms.filter(({ term }) => term !== 'loss')
  return others.length === 1 && others[0]!.prefixes.length === terms.find(({ term }) => term === 'loss')?.prefixes.length
    ? others[0]!.term
    : null
}

/** Whether every stage has one term beside its loss, so that the loss says it all. */
export function lossIsAll(terms: readonly TermSeries[]): boolean {
  const counts = new Map<string, number>()
  for (const { term, prefixes } of terms)
    if (term !== 'loss') for (const prefix of prefixes) counts.set(prefix, (counts.get(prefix) ?? 0) + 1)
  return [...counts.values()].every((count) => count === 1)
}

/** What variants let watch, by stage and name; of those with a value for each unit the keys in the units' order. */
export function watchedSeries(keys: Iterable<string>, looked: string | null): WatchedSeries[] {
  const all = [...keys]
  const trained = new Set(
    all.flatMap((key) => {
      const { prefix, set, term } = seriesParts(key)
      return set === 'train' ? [prefix + term] : []
    }),
  )
  const found = new Map<string, WatchedSeries & { units: boolean }>()
  for (const key of all) {
    const { prefix, set, term } = seriesParts(key)
    if (set !== 'validation' || trained.has(prefix + term) || (looked !== null && prefix !== looked)) continue
    const [name = term, index] = term.split('/')
    const id = prefix + name
    const series = found.get(id) ?? { name, prefix, keys: [], units: index !== undefined }
    series.keys.push(key)
    found.set(id, series)
  }
  const unit = (key: string) => Number(key.slice(key.lastIndexOf('/') + 1))
  return [...found.values()].map((one) => (one.units ? { ...one, keys: one.keys.sort((a, b) => unit(a) - unit(b)) } : one))
}

/**
 * How many times smaller a layer's gradient is than the last one's before one speaks of vanishing; layers of other sizes differ
 * by less.
 */
const vanished = 100
/** Its last points, of which the middle one counts: single ones are noisy. */
const points = 21

/**
 * How many times smaller the gradient of the first layer is than that of the last one, where so much is lost on the way that it
 * vanishes; null where it does not. With one hidden layer there is no way on which it could.
 * @param layers gradient norms of each layer over the training, from the input to the output
 */
export function vanishing(layers: readonly ArrayLike<number>[]): number | null {
  if (layers.length < 3) return null
  const middle = (values: ArrayLike<number>): number => {
    const end = Array.from({ length: Math.min(points, values.length) }, (_, index) => values[values.length - 1 - index]!)
      .filter((value) => Number.isFinite(value) && value > 0)
      .sort((a, b) => a - b)
    return end[Math.floor(end.length / 2)] ?? NaN
  }
  const factor = middle(layers.at(-1)!) / middle(layers[0]!)
  return factor >= vanished ? factor : null
}
