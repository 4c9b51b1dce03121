import { WorkbenchError } from '../../../../shared/errors.ts'
import type { DatasetNote } from '../../../../shared/domain.ts'
import { thousands } from '../../../../shared/words.ts'
import { listed } from '../layout/structure.ts'
import { looksLikeOther, partNames, partOfWord } from '../layout/words.ts'
import type { ImageList } from '../layout.ts'
import { readable } from '../names.ts'
import { trainPart, type LabelRequest } from '../request.ts'
import { findColumns, type Columns } from './columns.ts'
import { FileFinder } from './find-files.ts'
import { compilePattern, prefixOf } from './pattern.ts'
import { openTable, type Table } from './read.ts'

const counted = (count: number, one: string, many: string): string => `${thousands(count)} ${count === 1 ? one : many}`

/** Whether labels come from a table. */
export const isTable = ({ labels }: LabelRequest): boolean =>
  labels !== undefined && labels !== 'folders' && labels !== 'names' && labels !== 'none'

/** What `listFolder` is to make of folders of classes. */
export const labelling = ({ labels, labelPattern }: LabelRequest): 'folders' | 'elsewhere' | undefined =>
  (labels === 'folders' ? 'folders' : labels === undefined && labelPattern === undefined ? undefined : 'elsewhere')

/** Texts by number: each once, in the order in which they come. */
class Texts {
  readonly texts: string[] = []
  private readonly codes = new Map<string, number>()
  codeOf(text: string): number {
    const plain = text.normalize('NFC')
    let code = this.codes.get(plain)
    if (code === undefined) {
      this.codes.set(plain, code = this.texts.length)
      this.texts.push(plain)
    }
    return code
  }
}

const labelFields = ['labels', 'labelPattern', 'fileColumn', 'labelColumn', 'partColumn', 'groupColumn', 'group'] as const

/** @param what begins a sentence @throws WorkbenchError CALL_INVALID where labels or groups are asked for that only files have */
export function refuseLabels(what: string, request: LabelRequest): void {
  const field = labelFields.find((key) => request[key] !== undefined)
  if (field === undefined) return
  throw new WorkbenchError('CALL_INVALID', `${what}, which bring their own labels and have no names to go by; `
    + `leave ${field === 'group' || field === 'groupColumn' ? 'groups' : 'labels'} out.`, { field })
}

/**
 * A list of images with the labels, parts and groups that were asked for, in place of those of folders. What is guessed or missing is
 * noted.
 * @throws WorkbenchError CALL_INVALID, PATH_MISSING, PATH_UNREADABLE, FILE_UNSUPPORTED
 */
export async function relabel<L extends ImageList>(list: L, request: LabelRequest): Promise<L> {
  requireSense(request)
  const notes = [...list.notes], out: L = { ...list, notes }
  if (list.names.count === 0) return out
  let groupByColumn = false
  if (isTable(request)) {
    const table = await openTable(request.labels!), finder = new FileFinder(list)
    groupByColumn = request.group !== undefined
      && firstRow(table).some((cell) => cell.trim().toLowerCase() === request.group!.trim().toLowerCase())
    const columns =
      findColumns(table, finder, { ...request, groupColumn: request.groupColumn ?? (groupByColumn ? request.group : undefined) })
    Object.assign(out, readRows(list, table, finder, columns, notes))
  } else if (request.labels === 'none') {
    Object.assign(out, { labelled: false, labelOf: () => null })
  } else if (request.labels === 'names' || request.labelPattern !== undefined) {
    Object.assign(out, fromNames(list, request.labelPattern, notes))
  }
  if (request.group !== undefined && !groupByColumn) {
    const { codes, texts, missing } = taken(list, compilePattern(request.group, 'group', 'group'))
    if (texts.length === 0) throw new WorkbenchError('CALL_INVALID', `No name has a group by the pattern “${request.group}” `
      + `(${example(list)}); write another pattern.`, { field: 'group' })
    out.groupOf = (image) => texts[codes[image]!] ?? null
    if (missing > 0) notes.push({ code: 'withoutGroup', message: `${counted(missing, 'image is', 'images are')} in no group by the pattern `
      + `“${request.group}”; each is taken for itself.` })
  }
  if (request.labels === undefined && request.labelPattern === undefined) hint(out, notes)
  return out
}

function requireSense({ labels, labelPattern, group, groupColumn, ...columns }: LabelRequest): void {
  const refuse = (message: string, field: string) => new WorkbenchError('CALL_INVALID', message, { field })
  if (!isTable({ labels })) {
    const field = (['fileColumn', 'labelColumn', 'partColumn'] as const).find((key) => columns[key] !== undefined)
      ?? (groupColumn !== undefined ? 'groupColumn' : undefined)
    if (field !== undefined) throw refuse('Columns are those of a table of labels; give one, or leave the column out.', field)
  }
  if (labelPattern !== undefined && labels !== undefined && labels !== 'names') {
    throw refuse('A pattern finds labels in names; leave the pattern or the other source of labels out.', 'labelPattern')
  }
  if (group !== undefined && groupColumn !== undefined) {
    throw refuse('Groups are either by a column or by a pattern; leave one of them out.', 'group')
  }
}

const firstRow = (table: Table): string[] => table.rows().next().value ?? []
const example = (list: ImageList): string => `“${readable(list.names.at(0))}”`

/** What a function finds in the name of every image, as numbers of texts; -1: nothing. */
function taken(list: ImageList, find: (path: string) => string | null) {
  const texts = new Texts(), codes = new Int32Array(list.names.count).fill(-1)
  let missing = 0
  for (let image = 0; image < list.names.count; image++) {
    const path = readable(list.names.at(image)), value = find(path)
    if (value !== null) codes[image] = texts.codeOf(value)
    else if (!looksLikeOther(path)) missing++
  }
  return { codes, texts: texts.texts, missing }
}

function fromNames(list: ImageList, pattern: string | undefined, notes: DatasetNote[]): Partial<ImageList> {
  const field = pattern === undefined ? 'labels' : 'labelPattern'
  const { codes, texts, missing } = taken(list, pattern === undefined ? prefixOf : compilePattern(pattern, 'label', field))
  if (texts.length === 0) {
    const what = pattern === undefined ? 'begins with a label before a number, like cat.0.png' : `has a label by the pattern “${pattern}”`
    throw new WorkbenchError(
      'CALL_INVALID', `No name ${what} (${example(list)}); ${pattern === undefined ? 'give a pattern' : 'write another pattern'}.`,
      { field },
    )
  }
  if (list.names.count > 10 && texts.length * 2 > list.names.count) {
    throw new WorkbenchError('CALL_INVALID', `Of ${thousands(list.names.count)} names ${thousands(texts.length)} would `
      + `be labels (${listed(texts, 3)}), so that hardly two images have the same; write another pattern.`, { field })
  }
  const from = pattern === undefined ? 'names begin with before their number' : `the pattern “${pattern}” finds in names`
  notes.push({ code: 'labelsFromNames', message: `Labels are what ${from}: ${listed(texts, 10)}.` })
  if (missing > 0) {
    notes.push({ code: 'namesWithoutLabel', message: `In the names of ${counted(missing, 'image', 'images')} there is no label.` })
  }
  return { labelled: true, labelOf: (image) => texts[codes[image]!] ?? null, labelsFrom: 'the names of the files' }
}

/** Takes over what the rows of a table say. */
function readRows(list: ImageList, table: Table, finder: FileFinder, columns: Columns, notes: DatasetNote[]): Partial<ImageList> {
  const { count } = list.names, { header, file, label, part, group } = columns
  const labels = new Texts(), groups = new Texts(), codes = new Int32Array(count).fill(-1), inGroup = new Int32Array(count).fill(-1)
  const parts = new Int8Array(count).fill(-1)
  const seen = new Uint8Array(count), several = new Uint8Array(count)
  let rows = 0, without = 0, ambiguous = 0, many = 0, first = header !== null, lost = ''
  const whole = new Set<string>(), joined: string[] = []
  for (const row of table.rows()) {
    if (first) { first = false; continue }
    rows++
    const image = finder.find(row[file] ?? '')
    if (image < 0) {
      if (image === -2) ambiguous++
      else without++
      lost ||= row[file] ?? ''
      continue
    }
    const value = typeof label === 'number' ? (row[label] ?? '').trim()
      : Array.isArray(label) ? label.filter((column) => Number(row[column]) === 1).map((column) => header![column]!).join('|')
      : ''
    if (Array.isArray(label) ? value.includes('|') : /[|;,]/.test(value)) {
      many++
      if (joined.length < 1000) joined.push(value)
    } else if (whole.size < 100_000) whole.add(value)
    const code = value === '' || value.toLowerCase() === 'nan' ? -1 : labels.codeOf(value)
    if (seen[image] && code !== codes[image]) several[image] = 1
    else codes[image] = code
    if (part !== null) parts[image] = partIn(row[part] ?? '', table, header?.[part])
    if (group !== null && (row[group] ?? '').trim() !== '') inGroup[image] = groups.codeOf((row[group] ?? '').trim())
    seen[image] = 1
  }
  const note = (code: string, message: string) => notes.push({ code, message })
  if (table.foreign) note('tableNotUtf8', `The table is no UTF-8; it was read as Windows-1252.`)
  let contradictory = 0, missing = 0
  for (let image = 0; image < count; image++) {
    if (several[image]) { contradictory++; codes[image] = -1 }
    if (!seen[image] && !looksLikeOther(list.names.at(image))) missing++
  }
  const named = (column: number) => header?.[column] || `column ${column + 1}`
  const says = [
    typeof label === 'number' ? `labels from “${named(label)}”` : Array.isArray(label) ? 'labels from columns of 0 and 1' : null,
    part === null ? null : `parts from “${named(part)}”`,
    group === null ? null : `groups from “${named(group)}”`,
  ].filter((text) => text !== null)
  note('labelTable', `Of the table, files are taken from “${named(file)}”${says.length > 0 ? `, ${says.join(', ')}` : ', and no labels'}.`)
  if (missing > 0) {
    note('notInTable', `${counted(missing, 'image is', 'images are')} not in the table, and ${missing === 1 ? 'has' : 'have'} no label.`)
  }
  if (without > 0) note('rowsWithoutFile', `${counted(without, 'row', 'rows')} of ${thousands(rows)} in the `
    + `table ${without === 1 ? 'names a file that is' : 'name files that are'} not there (“${lost.trim()}”).`)
  if (ambiguous > 0) note('rowsOfSeveralFiles', `${counted(ambiguous, 'row', 'rows')} in the table could be of several files, `
    + `and ${ambiguous === 1 ? 'is' : 'are'} not used.`)
  if (columns.perhapsGroups.length > 0 && group === null) note('perhapsGroups', `The table has ${listed(columns.perhapsGroups)}: `
    + 'give it as --group to keep what belongs together on one side of the split.')
  const parted = part === null ? {} : { partOf: (image: number) => (parts[image]! < 0 ? trainPart : parts[image]!) }
  const grouped = group === null ? {} : { groupOf: (image: number) => groups.texts[inGroup[image]!] ?? null }
  const severalLabels =
    Array.isArray(label) ? many > 0 : isSeveral(many, rows, joined, whole, typeof label === 'number' ? header?.[label] : undefined)
  if (severalLabels) {
    note('severalLabels', `${counted(many, 'row', 'rows')} of the table ${many === 1 ? 'has' : 'have'} several labels (“${joined[0]}”), `
      + 'and an image has one at most here; all are imported without labels.')
    return { ...parted, ...grouped, labelled: false, labelOf: () => null }
  }
  if (contradictory > 0) {
    note('contradictoryRows', `${counted(contradictory, 'image has', 'images have')} rows with different labels in the table, `
      + `and ${contradictory === 1 ? 'is' : 'are'} kept without one.`)
  }
  if (label === null) return { ...parted, ...grouped }
  return { ...parted, ...grouped, labelled: true, labelOf: (image) => labels.texts[codes[image]!] ?? null, labelsFrom: 'the table' }
}

/** Whether cells with bars, semicolons or commas are lists of labels: what they are made of stands alone, or in several of them. */
function isSeveral(many: number, rows: number, joined: readonly string[], whole: ReadonlySet<string>, name = ''): boolean {
  if (many === 0) return false
  const pieces = new Map<string, number>()
  for (const value of new Set(joined)) {
    for (const piece of value.split(/[|;,]/)) pieces.set(piece.trim(), (pieces.get(piece.trim()) ?? 0) + 1)
  }
  return [...pieces].some(([piece, times]) => whole.has(piece) || times > 1) || (/s$/i.test(name) && many * 2 > rows)
}

function partIn(cell: string, table: Table, name = 'the column of the parts'): number {
  const value = cell.trim()
  if (value === '') return trainPart
  const part = partOfWord(value) ?? (/^[012]$/.test(value) ? Number(value) : null)
  if (part !== null) return part
  const message = `“${value}” in ${name} of the table ${table.path} is no part; write ${partNames.join(', ')}, or 0, 1 and 2 for these.`
  throw new WorkbenchError('CALL_INVALID', message, { field: 'partColumn' })
}

/** Mentions where labels may be that were not asked for. */
function hint(list: ImageList, notes: DatasetNote[]): void {
  const tables = new Set<string>(), look = (path: string) => {
    if (/\.(csv|tsv)$/i.test(path) || /(^|\/)(labels?|metadata|train|val|test|annotations?)\.(txt|jsonl?)$/i.test(path)) tables.add(path)
  }
  for (const { path } of list.skipped.slice(0, 1000)) look(path)
  const { count } = list.names, tried = Math.min(count, 2000), prefixes = new Map<string, number>()
  for (let image = 0; image < count; image++) {
    const name = list.names.at(image)
    if (looksLikeOther(name)) look(readable(name))
  }
  if (tables.size > 0) {
    const message = `There ${tables.size === 1 ? 'is a table' : 'are tables'} with the images, ${listed([...tables])}, `
      + 'which may hold labels: give it as --labels to use them.'
    notes.push({ code: 'tableFound', message })
  }
  if (list.labelled) return
  let without = 0
  for (let i = 0; i < tried; i++) {
    const prefix = prefixOf(readable(list.names.at(Math.floor((i * count) / tried))))
    if (prefix === null) without++
    else prefixes.set(prefix, (prefixes.get(prefix) ?? 0) + 1)
  }
  const often = [...prefixes].filter(([, times]) => times > 1).map(([prefix]) => prefix)
  if (often.length < 2 || without * 10 > tried || often.length * 3 > tried) return
  notes.push({ code: 'labelsInNames', message: `Names begin with ${listed(often.sort(), 4)} before their number: `
    + 'give --labels names if these are labels.' })
}
