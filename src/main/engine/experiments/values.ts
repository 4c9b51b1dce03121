import type { Field } from '../../../shared/config.ts'
import type { Range, Sweep } from '../../../shared/experiments.ts'

/** Digits that a computed value keeps: 0.1 + 0.2 is to be 0.3. */
const digits = 12

/** The values of a range, in its order; whole and each once where the setting is a whole number. */
function spaced({ from, to, count, scale }: Range, whole: boolean): number[] {
  const at = (share: number) => (scale === 'log' ? from * (to / from) ** share : from + (to - from) * share)
  const values = Array.from({ length: count }, (_, index) => (index === 0 ? from : index === count - 1 ? to : Number(at(index / (count - 1)).toPrecision(digits))))
  return whole ? [...new Set(values.map(Math.round))] : values
}

/** The values that a sweep gives a setting, or what is wrong with it. `field` undefined: the setting is not known. */
export function sweptValues(key: string, given: Sweep[string], field: Field | undefined): unknown[] | string {
  if (Array.isArray(given)) {
    const seen = new Set(given.map((value) => JSON.stringify(value)))
    return seen.size === given.length ? given : `A value of ${key} is listed twice; give each once.`
  }
  if (field !== undefined && field.kind !== 'number' && field.kind !== 'integer') return `${field.title} is no number, so it has no range; list the values of ${key}.`
  if (given.from === given.to) return `The range of ${key} begins and ends at ${given.from}; give it two ends, or list the one value.`
  if (given.scale === 'log' && (given.from <= 0 || given.to <= 0)) return `A logarithmic range of ${key} has both ends above 0; choose others, or make it linear.`
  return spaced(given, field?.kind === 'integer')
}

/** Every combination of one value each, the first key varying slowest. Without keys there is one, which is empty. */
export function combinations(values: ReadonlyMap<string, readonly unknown[]>): Map<string, unknown>[] {
  let all: Map<string, unknown>[] = [new Map()]
  for (const [key, choices] of values) all = all.flatMap((so) => choices.map((choice) => new Map([...so, [key, choice]])))
  return all
}
