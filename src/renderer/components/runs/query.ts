import { partsOf } from '../../../shared/ownedKeys.ts'
import type { CellValue, RunRow } from '../../../shared/runTable.ts'

/** What is asked of one column, or of several that share a name: `lambda>0.05`, `variant:contractive`. */
export interface Condition {
  /** A row passes where any of these columns does. */
  keys: readonly string[]
  passes(value: CellValue): boolean
}

export interface Query {
  /** What is left to be searched for in names, tags and notes. */
  text: string
  conditions: readonly Condition[]
  /** Names of what looks like a condition and is none. */
  unknown: readonly string[]
}

const operators = ['>=', '<=', '!=', '>', '<', '=', ':'] as const
type Operator = (typeof operators)[number]

/** `lambda > 0.05`, `variant:contractive`, `name:"two words"`; a value that is still to be typed is empty. */
const pattern = /(?<!\S)([\p{L}][\p{L}\d_.@/-]*)(?:\s*(>=|<=|!=|>|<|=)\s*|(:))("[^"]*"?|[^\s"]*)/gu

/**
 * A search with the conditions in it taken out. What looks like one but names no column is text as any other; one without a
 * value yet lets everything pass.
 * @param named the columns of a name
 */
export function readQuery(text: string, named: (name: string) => readonly string[]): Query {
  const conditions: Condition[] = []
  const unknown: string[] = []
  const rest = text.replace(
    pattern,
    (whole, name: string, compares: Operator | undefined, contains: ':' | undefined, typed: string) => {
      const keys = named(name)
      if (keys.length === 0) {
        unknown.push(name)
        return whole
      }
      const value = typed.replaceAll('"', '').trim()
      if (value !== '') conditions.push({ keys, passes: test(compares ?? contains ?? ':', value) })
      return ' '
    },
  )
  return { text: rest.trim(), conditions, unknown }
}

/** Numbers compare as numbers, moments and texts by their letters; `:` finds a part of a text. A missing value passes no test. */
function test(operator: Operator, typed: string): Condition['passes'] {
  const number = Number(typed.replace(/%$/, '').replaceAll('−', '-'))
  const plain = typed.toLowerCase()
  return (value) => {
    if (value === null) return false
    if (typeof value === 'number') return !Number.isNaN(number) && ordered(operator, value, number)
    const text = value.toLowerCase()
    if (operator === ':') return text.includes(plain)
    // Lists are written with and without spaces.
    const [a, b] = [text, plain].map((one) => one.replace(/\s+/g, '')) as [string, string]
    return ordered(operator, a, b)
  }
}

function ordered<T extends number | string>(operator: Operator, a: T, b: T): boolean {
  switch (operator) {
    case '>':
      return a > b
    case '<':
      return a < b
    case '>=':
      return a >= b
    case '<=':
      return a <= b
    case '!=':
      return a !== b
    case '=':
    case ':':
      return a === b
  }
}

const bare = (text: string): string => text.toLowerCase().replace(/[\s_.-]+/g, '')

/**
 * The columns that a typed name means: those of that key or title, else those whose key ends with it (`lambda`:
 * `regularizer.lambda@contractive` and that of every other variant).
 */
export function columnsNamed(name: string, columns: readonly { key: string; title: string; full: string }[]): string[] {
  const wanted = bare(name)
  const plain = (key: string): string => partsOf(key).plain
  const exact = columns.filter(({ key, title, full }) => [key, plain(key), title, full].some((one) => bare(one) === wanted))
  const found = exact.length > 0 ? exact : columns.filter(({ key }) => bare(plain(key).split('.').at(-1)!) === wanted)
  return found.map(({ key }) => key)
}

/** Rows that pass every condition. */
export const passesAll = (
  row: RunRow,
  conditions: readonly Condition[],
  column: (key: string) => (row: RunRow) => readonly CellValue[],
): boolean => conditions.every(({ keys, passes }) => keys.some((key) => column(key)(row).some(passes)))
