import type { Field } from '../../../shared/config.ts'
import type { Range, Sweep } from '../../../shared/experiments.ts'

/** Digits that a computed value keeps at most. */
const mostDigits = 12
/** What rounding may move a value by, as a share of its distance to the next one. */
const tolerance = 0.01

/**
 * The values of a range, in its order, with no more digits than they need to be told apart and well spaced; whole and each once
 * where the setting is a whole number.
 */
function spaced({ from, to, count, scale }: Range, whole: boolean): number[] {
  const at = (index: number) =>
    scale === 'log' ? from * (to / from) ** (index / (count - 1)) : from + ((to - from) * index) / (count - 1)
  const values = Array.from({ length: count }, (_, index) => {
    if (index === 0 || index === count - 1) return index === 0 ? from : to
    const value = at(index),
      room = tolerance * Math.min(Math.abs(value - at(index - 1)), Math.abs(at(index + 1) - value))
    let digits = 1
    while (digits < mostDigits && Math.abs(Number(value.toPrecision(digits)) - value) > room) digits += 1
    return Number(value.toPrecision(digits))
  })
  return whole ? [...new Set(values.map(Math.round))] : values
}

/** The values that a sweep gives a setting, or what is wrong with it. `field` undefined: the setting is not known. */
export function sweptValues(key: string, given: Sweep[string], field: Field | undefined): unknown[] | string {
  if (Array.isArray(given)) {
    const seen = new Set(given.map((value) => JSON.stringify(value)))
    return seen.size === given.length ? given : `A value of ${key} is listed twice; give each once.`
  }
  if (field !== undefined && field.kind !== 'number' && field.kind !== 'integer')
    return `${field.title} is not a number, so it has no range; list the values of ${key}.`
  if (given.from === given.to)
    return `The range of ${key} begins and ends at ${given.from}; give it two ends, or list the one value.`
  if (given.scale === 'log' && (given.from <= 0 || given.to <= 0))
    return `A logarithmic range of ${key} has both ends above 0; choose others, or make it linear.`
  return spaced(given, field?.kind === 'integer')
}

/** Every combination of one value each, the first key varying slowest. Without keys there is one, which is empty. */
export function combinations(values: ReadonlyMap<string, readonly unknown[]>): Map<string, unknown>[] {
  let all: Map<string, unknown>[] = [new Map()]
  for (const [key, choices] of values) all = all.flatMap((so) => choices.map((choice) => new Map([...so, [key, choice]])))
  return all
}
