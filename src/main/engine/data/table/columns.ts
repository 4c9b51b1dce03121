import { WorkbenchError } from '../../../../shared/errors.ts'
import { partOfWord } from '../layout/words.ts'
import type { NamedColumns } from '../request.ts'
import type { FileFinder } from './find-files.ts'
import type { Table } from './read.ts'

/** Which column holds what, from 0 on. */
export interface Columns {
  /** Whether the first row names the columns. */
  header: string[] | null
  file: number
  /** One column; several of 0 and 1, each named after a class; or none. */
  label: number | number[] | null
  part: number | null
  group: number | null
  /** Columns that may be groups and were not asked for. */
  perhapsGroups: string[]
  /** Columns that are called as parts are, and hold no words for them. */
  perhapsParts: string[]
}

const labelNames = new RegExp(
  String.raw`^(labels?|class(es)?([_ ]?(name|label|id))?|categor(y|ies)([_ ]?(name|id))?|target|y|species|breeds?` +
    String.raw`|diagnosis|dx|disease|tags?|findings?([_ ]?labels?)?|attributes?|has_.+|is_.+)$`,
  'i',
)
const partNames = /^(splits?|parts?|partition|subset|set|phase|fold)$/i
/** Columns that tell of one part by 0 and 1. */
const onePartNames = /^(is|in|for)[_ ]?(train(ing)?|test(ing)?|val(id|idation)?|dev)([_ ]?(set|split|ing|img|image))*$/i
const groupNames = /^(groups?)([_ ]?(id|name))?$/i
const perhapsGroupNames = new RegExp(
  String.raw`^(patients?|subjects?|persons?|participants?|cases?|scenes?|plates?|wells?|slides?|stud(y|ies)|series|videos?` +
    String.raw`|sites?|lesions?|identity|individuals?|batch)([_ ]?(id|name|no|number))?$`,
  'i',
)
const fileNames = /^(file|image|img|path|id|name|photo|picture)/i
const imageEnding = /\.(png|jpe?g|tiff?|bmp|gif|webp|p[gpn]m|jp2|avif|dcm|npy)$/i

/** Rows by which columns are found; enough distinct values to see that a column is no list of classes. */
const triedRows = 2000
const mostClasses = 2000

/**
 * Finds out which column of a table holds what: those that are named, else by what they hold (files by those of the folder) and by what
 * they are called.
 * @throws WorkbenchError CALL_INVALID, FILE_UNSUPPORTED with the field that can help
 */
export function findColumns(table: Table, finder: FileFinder, named: NamedColumns): Columns {
  const rows: string[][] = []
  for (const row of table.rows()) if (rows.push(row) === triedRows) break
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0),
    first = rows[0] ?? []
  const hits = (column: number, from: number) =>
    rows.slice(from).reduce((sum, row) => sum + (finder.find(row[column] ?? '') !== -1 ? 1 : 0), 0)
  const byName = (column: string, field: string): number => {
    const at = first.findIndex((cell) => cell.trim().toLowerCase() === column.trim().toLowerCase())
    if (at >= 0) return at
    if (/^\d+$/.test(column) && Number(column) >= 1 && Number(column) <= width) return Number(column) - 1
    throw new WorkbenchError('CALL_INVALID', `The table ${table.path} has no column “${column}”; it has ${quotedCells(first)}.`, {
      field,
    })
  }
  const columns = Array.from({ length: width }, (_, column) => column)
  const likeliest = (): number => {
    const scores = columns.map((column) => hits(column, 1) + (fileNames.test(first[column]?.trim() ?? '') ? 0.5 : 0))
    return columns.toSorted((a, b) => scores[b]! - scores[a]!)[0] ?? 0
  }
  const file = named.fileColumn === undefined ? likeliest() : byName(named.fileColumn, 'fileColumn')
  const matched = hits(file, 0)
  if (matched === 0) {
    const remedy =
      named.fileColumn === undefined
        ? 'name the column of the files with --file-column, or give the folder that the table is of'
        : 'name another column, or give the folder that the table is of'
    const message = `No row of the table ${table.path} names a file of the folder (its first row: ${quotedCells(first)}); ${remedy}.`
    throw new WorkbenchError('CALL_INVALID', message, { field: named.fileColumn === undefined ? 'labels' : 'fileColumn' })
  }
  const cell = first[file] ?? ''
  const header = finder.find(cell) === -1 && !imageEnding.test(cell.trim()) ? first.map((name) => name.trim()) : null
  const body = header ? rows.slice(1) : rows
  const called = (test: RegExp) => columns.filter((column) => column !== file && test.test(header?.[column] ?? ''))
  const values = columns.map((column) => new Set(body.map((row) => (row[column] ?? '').trim()).filter((value) => value !== '')))
  const onlyParts = (column: number) =>
    values[column]!.size > 0 && [...values[column]!].every((value) => partOfWord(value) !== null)

  const part =
    named.partColumn !== undefined
      ? byName(named.partColumn, 'partColumn')
      : ([...called(partNames), ...columns].find(
          (column) => column !== file && onlyParts(column) && (partNames.test(header?.[column] ?? '') || values[column]!.size > 1),
        ) ?? null)
  const group =
    named.groupColumn !== undefined
      ? byName(named.groupColumn, 'groupColumn')
      : (called(groupNames).find((column) => column !== part) ?? null)
  const perhapsParts =
    part !== null
      ? []
      : [...new Set([...called(partNames), ...called(onePartNames)])].filter(
          (column) => column !== group && values[column]!.size > 0,
        )
  const rest = columns.filter((column) => column !== file && column !== part && column !== group && !perhapsParts.includes(column))
  const label =
    named.labelColumn !== undefined ? byName(named.labelColumn, 'labelColumn') : labelOf(table, rest, header, values, body)
  const perhapsGroups = called(perhapsGroupNames).filter(
    (column) => column !== group && column !== label && !(Array.isArray(label) && label.includes(column)),
  )
  const names = (found: readonly number[]) => found.map((column) => header![column]!)
  return {
    header,
    file,
    label,
    part,
    group,
    perhapsGroups: names(perhapsGroups),
    perhapsParts: names(perhapsParts.filter((column) => column !== label)),
  }
}

/** The column of the labels: the one that is called so, else the only one that can be. */
function labelOf(
  table: Table,
  rest: readonly number[],
  header: readonly string[] | null,
  values: readonly ReadonlySet<string>[],
  body: readonly string[][],
): number | number[] | null {
  const binary = rest.filter(
    (column) => values[column]!.size > 0 && [...values[column]!].every((value) => /^(-1|[01])(\.0*)?$/.test(value)),
  )
  const isBinary = new Set(binary)
  const named = rest.filter((column) => labelNames.test(header?.[column] ?? '') && values[column]!.size > 0)
  const plain = named.filter((column) => !isBinary.has(column))
  if (plain.length > 0) return plain[0]!
  if (binary.length > 1 && header !== null) return binary
  if (named.length > 0) return named[0]!
  const possible = rest.filter((column) => {
    const { size } = values[column]!
    return (
      size > 1 &&
      size <= mostClasses &&
      (size <= 2 || size * 2 <= body.length) &&
      ![...values[column]!].every((value) => /^-?\d+\.\d*[1-9]\d*$/.test(value))
    )
  })
  if (possible.length > 1) {
    const message =
      `Several columns of the table ${table.path} may be the ` +
      `labels: ${quotedCells(possible.map((column) => header?.[column] || String(column + 1)))}; say which with --label-column.`
    throw new WorkbenchError('CALL_INVALID', message, { field: 'labelColumn' })
  }
  const [only] = possible.length > 0 ? possible : rest.length === 1 && values[rest[0]!]!.size > 0 ? rest : []
  return only ?? null
}

const quotedCells = (cells: readonly string[]): string =>
  cells
    .slice(0, 12)
    .map((cell) => `“${cell.trim().slice(0, 60)}”`)
    .join(', ') + (cells.length > 12 ? ' ...' : '')
