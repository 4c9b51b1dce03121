import type { Field } from '../../../shared/config.ts'
import { areConvolutions } from '../../../shared/convolutions.ts'
import type { Range } from '../../../shared/experiments.ts'
import { isObject } from '../../../shared/json.ts'
import { betweenLists, numberOf, piecesOf, sizesOf, textOf } from '../../../shared/settings/text.ts'

/** What a setting's text says: one value, several, evenly spaced ones, or why it says none of these. */
export type Written =
  | { kind: 'none' }
  | { kind: 'one'; value: unknown }
  | { kind: 'several'; values: unknown[] }
  | { kind: 'range'; range: Range }
  | { kind: 'wrong'; message: string }

type Kind = Pick<Field, 'kind' | 'choices'>

const mostValues = 1000
const example = 'Write numbers with commas between them (0.1, 0.3, 0.5), or a range and how many values it has (0.01 to 1, 5, log).'
const wrong = (message: string): Written => ({ kind: 'wrong', message })

/**
 * What was typed for a setting. Numbers: `0.1`, `0.1, 0.3, 0.5`, or a range such as `0.01 to 1, 5, log` (from, to, how many,
 * linear unless said). Whole numbers may leave out how many: `1 to 5`. Lists of numbers (layers): `512, 64; 256, 64`. Choices
 * and switches: `relu, sigmoid`. Texts, which have commas of their own: `flip; flip, shift=4`. Whether a value is allowed is
 * the engine's to say.
 */
export function readValues(field: Kind, text: string): Written {
  const trimmed = text.trim()
  if (trimmed === '') return { kind: 'none' }
  if (field.kind === 'integers') return readLists(trimmed)
  if (field.kind === 'choice' || field.kind === 'boolean') return readWords(field, trimmed)
  if (field.kind === 'text') return several(piecesOf(trimmed, /;/), String)
  const range = /^(.+?)(?:\s+to\s+|\s*(?:\.\.\.?|…)\s*)(.*)$/i.exec(trimmed)
  return range ? readRange(field, range[1]!.trim(), range[2]!) : readNumbers(field, trimmed)
}

function readNumbers(field: Kind, text: string): Written {
  const values: number[] = []
  for (const part of piecesOf(text, /[\s,;]+/)) {
    const value = numberOf(part)
    if (value === null) return wrong(`“${part}” is not a number. ${example}`)
    if (field.kind === 'integer' && !Number.isInteger(value))
      return wrong(`${part} is not a whole number; this setting takes whole numbers only.`)
    values.push(value)
  }
  return several(values, String)
}

function readRange(field: Kind, from: string, rest: string): Written {
  const [to = '', ...more] = piecesOf(rest, /[\s,;]+/)
  const [first, last] = [numberOf(from), numberOf(to)]
  if (first === null) return wrong(`The range begins with “${from}”, which is not a number. ${example}`)
  if (to === '') return wrong(`Where does the range from ${from} end? ${example}`)
  if (last === null) return wrong(`The range ends with “${to}”, which is not a number. ${example}`)
  let [count, scale]: [number | null, Range['scale']] = [null, 'linear']
  for (const word of more) {
    const value = numberOf(word)
    if (value !== null && count === null) count = value
    else if (/^log(arithmic)?$/i.test(word)) scale = 'log'
    else if (/^lin(ear)?$/i.test(word)) scale = 'linear'
    else if (!/^(values?|in)$/i.test(word)) return wrong(`“${word}” has no meaning in a range. ${example}`)
  }
  if (first === last) return wrong(`The range begins and ends at ${from}; give it two ends, or write the one value.`)
  if (count === null) {
    const whole = Math.abs(last - first) + 1
    if (field.kind !== 'integer' || scale === 'log' || !Number.isInteger(whole))
      return wrong(`How many values are there from ${from} to ${to}? Add it: ${from} to ${to}, 5${scale === 'log' ? ', log' : ''}.`)
    count = whole
  }
  if (!Number.isInteger(count) || count < 2) return wrong(`A range has at least 2 values, not ${count}; write the one value alone.`)
  if (count > mostValues) return wrong(`${count} values are too many; a setting takes at most ${mostValues}.`)
  if (scale === 'log' && (first <= 0 || last <= 0))
    return wrong('A logarithmic range has both ends above 0; choose others, or leave out “log”.')
  return { kind: 'range', range: { from: first, to: last, count, scale } }
}

function readLists(text: string): Written {
  const lists: number[][] = []
  for (const part of piecesOf(text, betweenLists)) {
    const list: number[] = []
    for (const piece of sizesOf(part)) {
      const value = numberOf(piece)
      if (value === null)
        return wrong(
          `“${piece}” is not a number. Write sizes with commas between them ` +
            '(512, 64), and several networks with semicolons (512, 64; 256, 64).',
        )
      list.push(value)
    }
    if (list.length > 0) lists.push(list)
  }
  return several(lists, (list) => list.join(', '))
}

function readWords(field: Kind, text: string): Written {
  const known = field.kind === 'boolean' ? ['true', 'false'] : (field.choices ?? [])
  const values: unknown[] = []
  for (const part of piecesOf(text, /[\s,;]+/)) {
    if (known.length > 0 && !known.includes(part)) return wrong(`“${part}” is not one of ${known.join(', ')}.`)
    values.push(field.kind === 'boolean' ? part === 'true' : part)
  }
  return several(values, String)
}

function several<T>(values: T[], shown: (value: T) => string): Written {
  if (values.length === 0) return { kind: 'none' }
  if (values.length === 1) return { kind: 'one', value: values[0] }
  if (values.length > mostValues) return wrong(`${values.length} values are too many; a setting takes at most ${mostValues}.`)
  const seen = new Set<string>()
  for (const value of values) {
    const text = shown(value)
    if (seen.has(text)) return wrong(`${text} is listed twice; write each value once.`)
    seen.add(text)
  }
  return { kind: 'several', values }
}

/** A value, or what is swept, as it is typed: the inverse of `readValues`. @param kind of its field, where that is known */
export function textOfValues(given: unknown, kind?: Field['kind']): string {
  if (isRange(given)) return `${given.from} to ${given.to}, ${given.count}${given.scale === 'log' ? ', log' : ''}`
  if (areConvolutions(given)) return textOf(given)
  if (Array.isArray(given) && (kind === 'text' || given.some((value) => Array.isArray(value) || String(value).includes(','))))
    return given.map(textOf).join('; ')
  return textOf(given)
}
const isRange = (given: unknown): given is Range => isObject(given) && 'from' in given && 'to' in given
