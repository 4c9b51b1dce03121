import { passesAll, type Condition } from './query.ts'
import type { CellValue, RowFilter, RowGroup, RunRow } from '../../../shared/runTable.ts'

/**
 * Which rows of the table are shown, and in which order. This is done in the window, not by the engine, because the window has
 * all rows already: what is typed is answered within a frame, without a round trip. Nothing is computed of the numbers; means
 * and intervals of groups come from the engine. Pure functions over plain data, with properties that are tested without a
 * browser.
 */

/** Reads one column of a row; null where the run has none. */
export type Read = (row: RunRow) => CellValue
/** Reads a column that may hold several values at once, such as tags. */
export type ReadAll = (row: RunRow) => readonly CellValue[]

export interface Ask {
  text: string
  filters: readonly RowFilter[]
  /** Of the search, what it asks of columns; `searched` reads them. */
  conditions?: readonly Condition[]
  /** Whether archived runs are shown, too. */
  archived: boolean
}

/** A run's seed as the search finds it. */
export const seedText = (seed: number): string => `seed ${seed};`

/** The words of a search; `seed 1` is one: the run of that seed, and not every name with both in it. */
const wordsOf = (text: string): string[] => {
  const seeds: string[] = []
  const rest = text.toLowerCase().replace(/(?<!\S)seed\s+(\d+)(?!\S)/g, (_, seed: string) => {
    seeds.push(seedText(Number(seed)))
    return ' '
  })
  return [...rest.split(/\s+/).filter(Boolean), ...seeds]
}

/** A test of one filter, or null where it lets everything pass. */
function test(filter: RowFilter, readAll: ReadAll): ((row: RunRow) => boolean) | null {
  switch (filter.kind) {
    case 'range': {
      const { from, to } = filter
      if (from === null && to === null) return null
      return (row) =>
        readAll(row).some((value) => typeof value === 'number' && (from === null || value >= from) && (to === null || value <= to))
    }
    case 'choice': {
      const wanted = new Set(filter.values)
      return (row) => {
        const values = readAll(row)
        return values.length === 0 ? wanted.has(null) : values.some((value) => wanted.has(value === null ? null : String(value)))
      }
    }
    case 'text': {
      const words = wordsOf(filter.text)
      if (words.length === 0) return null
      return (row) => {
        const text = readAll(row)
          .filter((value) => value !== null)
          .join(' ')
          .toLowerCase()
        return words.every((word) => text.includes(word))
      }
    }
  }
}

/**
 * Rows in which every word of the text occurs and that pass every filter, in the order given.
 * @param search all that can be found of a row, in lower case
 * @param searched reads a column for the conditions of the search
 */
export function filterRows(
  rows: readonly RunRow[],
  { text, filters, conditions = [], archived }: Ask,
  search: (row: RunRow) => string,
  column: (key: string) => ReadAll,
  searched = column,
): RunRow[] {
  const words = wordsOf(text)
  const tests = filters.flatMap((filter) => test(filter, column(filter.key)) ?? [])
  return rows.filter(
    (row) =>
      (archived || !row.archived) &&
      tests.every((passes) => passes(row)) &&
      passesAll(row, conditions, searched) &&
      (words.length === 0 || includesAll(search(row), words)),
  )
}

const includesAll = (text: string, words: readonly string[]): boolean => words.every((word) => text.includes(word))

/** A text by which names sort as people count: `run 9` before `run 10`, `0.25` before `0.5`. */
const sortText = (text: string): string =>
  text.toLowerCase().replace(/(\d+)(\.\d+)?/g, (_, whole: string, part = '') => whole.padStart(15, '0') + part)

/** Negative where `a` goes first; values that are missing go last, whichever way. */
function compare(a: CellValue, b: CellValue, descending: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
  // Not a number goes behind numbers, and so does text.
  const kindA = typeof a === 'number' ? (Number.isNaN(a) ? 1 : 0) : 2,
    kindB = typeof b === 'number' ? (Number.isNaN(b) ? 1 : 0) : 2
  if (kindA !== kindB) return kindA - kindB
  if (kindA === 1) return 0
  const order = a < b ? -1 : a > b ? 1 : 0
  return descending ? -order : order
}

/** Sorted by one value of each; those that are equal in it keep the order in which they came. */
export function sortBy<T>(items: readonly T[], read: (item: T) => CellValue, descending: boolean): T[] {
  const keyed = items.map((item) => {
    const value = read(item)
    return { item, value: typeof value === 'string' ? sortText(value) : value }
  })
  return keyed.sort((a, b) => compare(a.value, b.value, descending)).map(({ item }) => item)
}

/** A line of the table: a run, or the head of a group. */
export type Item =
  { kind: 'run'; row: RunRow; group: string | null } | { kind: 'group'; group: RowGroup; rows: readonly RunRow[]; open: boolean }

/** Lines without groups. */
export const plainItems = (rows: readonly RunRow[]): Item[] => rows.map((row) => ({ kind: 'run', row, group: null }))

/**
 * Each group's head, and below it the rows of those that are open, in the order of `rows`. A group of which no run is shown any
 * more is left out (the groups may be older than the rows), and so are runs that no group has yet.
 * @param single a run that is a group by itself needs no head: the line says all that the head would
 */
export function groupItems(
  groups: readonly RowGroup[],
  rows: readonly RunRow[],
  open: ReadonlySet<string>,
  single = false,
): Item[] {
  const groupOf = new Map(groups.flatMap((group) => group.runs.map((id) => [id, group.id] as const)))
  const members = new Map<string, RunRow[]>()
  for (const row of rows) {
    const group = groupOf.get(row.id)
    if (group === undefined) continue
    const groupRows = members.get(group)
    if (groupRows === undefined) members.set(group, [row])
    else groupRows.push(row)
  }
  return groups.flatMap((group): Item[] => {
    const groupRows = members.get(group.id)
    if (groupRows === undefined) return []
    if (single && groupRows.length === 1) return plainItems(groupRows)
    const isOpen = open.has(group.id)
    return [
      { kind: 'group', group, rows: groupRows, open: isOpen },
      ...(isOpen ? groupRows.map((row): Item => ({ kind: 'run', row, group: group.id })) : []),
    ]
  })
}

/** The values of a column that one can choose from, with how many runs have each: the most frequent first, missing ones last. */
export function choicesOf(rows: readonly RunRow[], readAll: ReadAll): { value: string | null; count: number }[] {
  const counts = new Map<string | null, number>()
  for (const row of rows) {
    const values = readAll(row)
    if (values.length === 0) counts.set(null, (counts.get(null) ?? 0) + 1)
    for (const value of values) {
      const key = value === null ? null : String(value)
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
  }
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort(
      (a, b) =>
        Number(a.value === null) - Number(b.value === null) ||
        b.count - a.count ||
        (sortText(a.value ?? '') < sortText(b.value ?? '') ? -1 : 1),
    )
}

/** The least and the largest number of a column; null where there is none. */
export function extentOf(rows: readonly RunRow[], readAll: ReadAll): { least: number; largest: number } | null {
  let least = Infinity,
    largest = -Infinity
  for (const row of rows) {
    for (const value of readAll(row)) {
      if (typeof value !== 'number' || !Number.isFinite(value)) continue
      least = Math.min(least, value)
      largest = Math.max(largest, value)
    }
  }
  return least <= largest ? { least, largest } : null
}

/** Lines that come and go together: a scroll by less changes nothing in the page. */
export const block = 8

/** The most lines that `inSight` names, wherever the table is scrolled to. */
export const linesFor = (height: number, rowHeight: number): number =>
  (Math.ceil((Math.ceil(height / rowHeight) + 1) / block) + 3) * block

/** Rows in sight, with a block to spare on both sides, in whole blocks. */
export function inSight(top: number, height: number, rowHeight: number, count: number): { begin: number; end: number } {
  const first = Math.floor(Math.max(0, top) / rowHeight),
    last = Math.ceil((Math.max(0, top) + height) / rowHeight)
  const begin = Math.max(0, Math.floor(first / block) - 1) * block
  return {
    begin: Math.min(begin, Math.max(0, Math.floor((count - 1) / block) * block)),
    end: Math.min(count, (Math.ceil(last / block) + 1) * block),
  }
}
