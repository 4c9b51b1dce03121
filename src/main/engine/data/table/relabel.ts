import type { DatasetNote } from '../../../../shared/domain.ts'
import { WorkbenchError } from '../../../../shared/errors.ts'
import { counted, thousands } from '../../../../shared/words.ts'
import { listed } from '../layout/structure.ts'
import { looksLikeOther } from '../layout/words.ts'
import type { ImageList } from '../layout.ts'
import { readable } from '../names.ts'
import type { LabelRequest } from '../request.ts'
import { readRows } from './apply.ts'
import { findColumns } from './columns.ts'
import { FileFinder } from './find-files.ts'
import { mentionLabels } from './hint.ts'
import { compilePattern, prefixOf } from './pattern.ts'
import { openTable, type Table } from './read.ts'
import { Texts } from '../texts.ts'
import { isTable } from './request.ts'

/**
 * A list of images with the labels, parts and groups that were asked for, in place of those of folders. What is guessed or missing is
 * noted.
 * @throws WorkbenchError CALL_INVALID, PATH_MISSING, PATH_UNREADABLE, FILE_UNSUPPORTED
 */
export async function relabel<L extends ImageList>(list: L, request: LabelRequest): Promise<L> {
  requireSense(request)
  const notes = [...list.notes],
    out: L = { ...list, notes }
  if (list.names.count === 0) return out
  let groupByColumn = false
  if (isTable(request)) {
    const table = await openTable(request.labels!),
      finder = new FileFinder(list)
    groupByColumn =
      request.group !== undefined &&
      firstRow(table).some((cell) => cell.trim().toLowerCase() === request.group!.trim().toLowerCase())
    const columns = findColumns(table, finder, {
      ...request,
      groupColumn: request.groupColumn ?? (groupByColumn ? request.group : undefined),
    })
    Object.assign(out, readRows(list, table, finder, columns, notes))
  } else if (request.labels === 'none') {
    Object.assign(out, { labelled: false, labelOf: () => null })
  } else if (request.labels === 'names' || request.labelPattern !== undefined) {
    Object.assign(out, fromNames(list, request.labelPattern, notes))
  }
  if (request.group !== undefined && !groupByColumn) {
    const { codes, texts, missing } = extractFromNames(list, compilePattern(request.group, 'group', 'group'))
    if (texts.length === 0)
      throw new WorkbenchError(
        'CALL_INVALID',
        `No name has a group by the pattern “${request.group}” (${example(list)}); write another pattern.`,
        { field: 'group' },
      )
    out.groupOf = (image) => texts[codes[image]!] ?? null
    if (missing > 0)
      notes.push({
        code: 'withoutGroup',
        message:
          `${counted(missing, 'image is', 'images are')} in no group by the pattern ` +
          `“${request.group}”; each is taken for itself.`,
      })
  }
  if (request.labels === undefined && request.labelPattern === undefined) mentionLabels(out, notes)
  return out
}

function requireSense({ labels, labelPattern, group, groupColumn, ...columns }: LabelRequest): void {
  const refuse = (message: string, field: string) => new WorkbenchError('CALL_INVALID', message, { field })
  if (!isTable({ labels })) {
    const field =
      (['fileColumn', 'labelColumn', 'partColumn'] as const).find((key) => columns[key] !== undefined) ??
      (groupColumn !== undefined ? 'groupColumn' : undefined)
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
function extractFromNames(list: ImageList, find: (path: string) => string | null) {
  const texts = new Texts(),
    codes = new Int32Array(list.names.count).fill(-1)
  let missing = 0
  for (let image = 0; image < list.names.count; image++) {
    const path = readable(list.names.at(image)),
      value = find(path)
    if (value !== null) codes[image] = texts.codeOf(value)
    else if (!looksLikeOther(path)) missing++
  }
  return { codes, texts: texts.texts, missing }
}

function fromNames(list: ImageList, pattern: string | undefined, notes: DatasetNote[]): Partial<ImageList> {
  const field = pattern === undefined ? 'labels' : 'labelPattern'
  const { codes, texts, missing } = extractFromNames(
    list,
    pattern === undefined ? prefixOf : compilePattern(pattern, 'label', field),
  )
  if (texts.length === 0) {
    const what =
      pattern === undefined ? 'begins with a label before a number, like cat.0.png' : `has a label by the pattern “${pattern}”`
    throw new WorkbenchError(
      'CALL_INVALID',
      `No name ${what} (${example(list)}); ${pattern === undefined ? 'give a pattern' : 'write another pattern'}.`,
      { field },
    )
  }
  if (list.names.count > 10 && texts.length * 2 > list.names.count) {
    throw new WorkbenchError(
      'CALL_INVALID',
      `Of ${thousands(list.names.count)} names ${thousands(texts.length)} would ` +
        `be labels (${listed(texts, 3)}), so that hardly two images have the same; write another pattern.`,
      { field },
    )
  }
  const from = pattern === undefined ? 'names begin with before their number' : `the pattern “${pattern}” finds in names`
  notes.push({ code: 'labelsFromNames', message: `Labels are what ${from}: ${listed(texts, 10)}.` })
  if (missing > 0) {
    notes.push({ code: 'namesWithoutLabel', message: `In the names of ${counted(missing, 'image', 'images')} there is no label.` })
  }
  return { labelled: true, labelOf: (image) => texts[codes[image]!] ?? null, labelsFrom: 'the names of the files' }
}
