import type { TableColumn } from './columns.ts'
import type { Item } from './rows.ts'
import { cellText, commonText } from './texts.ts'

/** Pixels of a character on average, of a cell's padding, and around a name: its mark, its sign, its pencil. */
const character = 7.2,
  /** In heads it is smaller, though among few letters each counts, and in the heads of groups bolder. */
  headCharacter = 6.2,
  shortHeadCharacter = 7.4,
  groupCharacter = 7.6,
  padding = 18,
  aroundName = 100,
  /** Beside a group's name there is how many runs it has, too. */
  aroundGroup = 160,
  /** Of a tag, its frame. */
  aroundTag = 18
/** Widths go by steps: a live figure that gets a digit more moves nothing. */
const step = 4
/** Beyond this a text is cut, however much room there is; a number is as wide at most. */
const longest = { text: 420, number: 168 }
/** So many lines are looked at, evenly among all. */
const looked = 200

/** Cells that are drawn, not written. */
const drawn = new Set(['actions', 'progress', 'state'])

/** Pixels that every column needs to cut nothing off, by what stands in it: at most so much as a text of its kind is worth. */
export function neededWidths(columns: readonly TableColumn[], items: readonly Item[]): number[] {
  const every = Math.max(1, Math.ceil(items.length / looked))
  const lines = items.filter((_, index) => index % every === 0)
  const runs = lines.length === 0 || lines.some(({ kind }) => kind === 'run')
  return columns.map((column) => {
    const head = column.title.length * (column.title.length > 4 ? headCharacter : shortHeadCharacter) + padding
    // Heads of groups have no progress, and nothing that could be done.
    if (drawn.has(column.key)) return column.key === 'progress' && !runs ? head : column.width
    let most = head
    for (const item of lines) most = Math.max(most, lineWidth(column, item))
    return Math.min(column.numeric ? longest.number : longest.text, step * Math.ceil(most / step))
  })
}

function lineWidth(column: TableColumn, item: Item): number {
  if (item.kind === 'run') {
    if (column.key === 'name') return item.row.name.length * character + aroundName + (item.group === null ? 0 : 20)
    if (column.key === 'tags')
      return item.row.tags.reduce((sum, tag) => sum + Math.min(120, tag.length * character + aroundTag), padding + aroundTag)
    return column.text(item.row).length * character + padding
  }
  if (column.key === 'name') return item.group.title.length * groupCharacter + aroundGroup
  const text = column.engine ? cellText(column, item.group.cells[column.key]) : commonText(column, item)
  return text.length * groupCharacter + padding
}

/**
 * The least width of a column: numbers are never cut, texts give way, and what holds less than usual leaves its room to others.
 * @param need pixels in which all of it can be read
 */
export function leastWidth({ key, kind, width, set, numeric }: TableColumn, need: number): number {
  if (set || key === 'name') return width
  return numeric ? (kind === 'fact' ? need : Math.max(width, need)) : Math.min(width, need)
}

/**
 * Widths of columns in a table that is wider than they need, in their order. First every column comes to what it needs; of what is
 * over then, the first one takes `first` pixels, and the rest is shared by all that nobody has given a width, up to half as much
 * again; beyond that it is the first one's.
 * @param columns the least width of each, whether it stays so (somebody set it), and in how much all of it can be read; the first
 * one is laid out to fill the table
 * @param room pixels for all of them
 */
export function shareWidth(
  columns: readonly { width: number; set: boolean; need?: number }[],
  room: number,
  first: number,
): number[] {
  const wanted = columns.map(({ width, set, need = width }) => (set ? 0 : Math.max(0, need - width)))
  const total = wanted.reduce((sum, want) => sum + want, 0)
  const free = Math.max(0, room - columns.reduce((sum, { width }) => sum + width, 0))
  const part = total === 0 ? 0 : Math.min(1, free / total)
  const widths = columns.map(({ width }, index) => width + Math.floor(wanted[index]! * part))
  const pool = widths.reduce((sum, width, index) => sum + (columns[index]!.set ? 0 : width), 0)
  const over = Math.min(pool / 2, room - first - widths.reduce((sum, width) => sum + width, 0))
  return widths.map((width, index) => (columns[index]!.set || over <= 0 ? width : Math.floor(width * (1 + over / pool))))
}

/**
 * Columns of a table that has to be scrolled, as they are laid out: what can be done with a run stands beside how far it is, in
 * sight, and covers nothing.
 */
export function actionsInSight<T extends { column: Pick<TableColumn, 'key'> }>(all: T[]): T[] {
  const actions = all.find(({ column }) => column.key === 'actions')
  if (!actions) return all
  const others = all.filter((one) => one !== actions)
  const after = Math.max(0, ...others.flatMap(({ column }, index) => (['state', 'progress'].includes(column.key) ? index : [])))
  return all.indexOf(actions) <= after ? all : [...others.slice(0, after + 1), actions, ...others.slice(after + 1)]
}
