import type { DatasetNote } from '../../../../shared/domain.ts'
import { WorkbenchError } from '../../../../shared/errors.ts'
import { counted, thousands } from '../../../../shared/words.ts'
import { listed } from '../layout/structure.ts'
import { looksLikeOther, partNames, partOfWord } from '../layout/words.ts'
import type { ImageList } from '../layout.ts'
import { trainPart } from '../request.ts'
import type { Columns } from './columns.ts'
import type { FileFinder } from './find-files.ts'
import type { Table } from './read.ts'
import { Texts } from '../texts.ts'

/** Takes over what the rows of a table say. */
export function readRows(
  list: ImageList,
  table: Table,
  finder: FileFinder,
  columns: Columns,
  notes: DatasetNote[],
): Partial<ImageList> {
  const { count } = list.names,
    { header, file, label, part, group } = columns
  const labels = new Texts(),
    groups = new Texts(),
    codes = new Int32Array(count).fill(-1),
    inGroup = new Int32Array(count).fill(-1)
  const parts = new Int8Array(count).fill(-1)
  const seen = new Uint8Array(count),
    several = new Uint8Array(count)
  let rows = 0,
    without = 0,
    ambiguous = 0,
    many = 0,
    first = header !== null,
    lost = ''
  const whole = new Set<string>(),
    joined: string[] = []
  for (const row of table.rows()) {
    if (first) {
      first = false
      continue
    }
    rows++
    const image = finder.find(row[file] ?? '')
    if (image < 0) {
      if (image === -2) ambiguous++
      else without++
      lost ||= row[file] ?? ''
      continue
    }
    const value =
      typeof label === 'number'
        ? (row[label] ?? '').trim()
        : Array.isArray(label)
          ? label
              .filter((column) => Number(row[column]) === 1)
              .map((column) => header![column]!)
              .join('|')
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
  if (table.foreign) note('tableNotUtf8', `The table is not UTF-8; it was read as Windows-1252.`)
  let contradictory = 0,
    missing = 0
  for (let image = 0; image < count; image++) {
    if (several[image]) {
      contradictory++
      codes[image] = -1
    }
    if (!seen[image] && !looksLikeOther(list.names.at(image))) missing++
  }
  const named = (column: number) => header?.[column] || `column ${column + 1}`
  const says = [
    typeof label === 'number' ? `labels from “${named(label)}”` : Array.isArray(label) ? 'labels from columns of 0 and 1' : null,
    part === null ? null : `parts from “${named(part)}”`,
    group === null ? null : `groups from “${named(group)}”`,
  ].filter((text) => text !== null)
  note(
    'labelTable',
    `Of the table, files are taken from “${named(file)}”${says.length > 0 ? `, ${says.join(', ')}` : ', and no labels'}.`,
  )
  if (missing > 0) {
    note(
      'notInTable',
      `${counted(missing, 'image is', 'images are')} not in the table, and ${missing === 1 ? 'has' : 'have'} no label.`,
    )
  }
  if (without > 0)
    note(
      'rowsWithoutFile',
      `${counted(without, 'row', 'rows')} of ${thousands(rows)} in the ` +
        `table ${without === 1 ? 'names a file that is' : 'name files that are'} not there (“${lost.trim()}”).`,
    )
  if (ambiguous > 0)
    note(
      'rowsOfSeveralFiles',
      `${counted(ambiguous, 'row', 'rows')} in the table could be of several files, ` +
        `and ${ambiguous === 1 ? 'is' : 'are'} not used.`,
    )
  if (columns.perhapsGroups.length > 0 && group === null)
    note(
      'perhapsGroups',
      `The table has ${listed(columns.perhapsGroups)}: ` +
        'give it as --group to keep what belongs together on one side of the split.',
    )
  if (columns.perhapsParts.length > 0)
    note(
      'perhapsParts',
      `The table has ${listed(columns.perhapsParts)}, whose values are not names of ` +
        `parts, and the parts were made without it; write ${partNames.join(', ')} ` +
        'there, or 0, 1 and 2 for these, and give it as --part-column.',
    )
  const parted = part === null ? {} : { partOf: (image: number) => (parts[image]! < 0 ? trainPart : parts[image]!) }
  const grouped = group === null ? {} : { groupOf: (image: number) => groups.texts[inGroup[image]!] ?? null }
  const severalLabels = Array.isArray(label)
    ? many > 0
    : isSeveral(many, rows, joined, whole, typeof label === 'number' ? header?.[label] : undefined)
  if (severalLabels) {
    note(
      'severalLabels',
      `${counted(many, 'row', 'rows')} of the table ${many === 1 ? 'has' : 'have'} several labels (“${joined[0]}”), ` +
        'and an image has one at most here; all are imported without labels.',
    )
    return { ...parted, ...grouped, labelled: false, labelOf: () => null }
  }
  if (contradictory > 0) {
    note(
      'contradictoryRows',
      `${counted(contradictory, 'image has', 'images have')} rows with different labels in the table, ` +
        `and ${contradictory === 1 ? 'is' : 'are'} kept without one.`,
    )
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
  const message = `“${value}” in ${name} of the table ${table.path} is not a part; write ${partNames.join(', ')}, or 0, 1 and 2 for these.`
  throw new WorkbenchError('CALL_INVALID', message, { field: 'partColumn' })
}
