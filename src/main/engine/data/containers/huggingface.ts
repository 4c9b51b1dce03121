import type { DatasetNote } from '../../../../shared/domain.ts'
import { parseJson } from '../../../../shared/json.ts'
import { manifestLimits } from '../../../../shared/limits.ts'
import { unsupportedFile } from '../byte-stream.ts'
import { distinctNames } from '../labels.ts'
import type { ParquetFile } from '../parquet/file.ts'
import type { ParquetColumn, ParquetValue } from '../parquet/messages.ts'

/** What the columns of a file are, as the library `datasets` of Hugging Face writes them, or as they are called. */
export interface ImageColumns {
  image: ParquetColumn
  /** The names that the images had as files, if they are kept. */
  path: ParquetColumn | null
  label: ParquetColumn | null
  /** Names of the classes by number, where the file brings them. */
  names: readonly string[] | null
  notes: DatasetNote[]
}

const imageNames = ['image', 'img', 'picture', 'photo', 'pixel_values', 'x']
const labelNames = ['label', 'labels', 'fine_label', 'coarse_label', 'class', 'class_label', 'cls', 'category', 'target', 'y']
const rank = (names: readonly string[], name: string): number => {
  const at = names.indexOf(name.toLowerCase())
  return at < 0 ? names.length : at
}
const listed = (names: readonly string[]): string => names.map((name) => `“${name}”`).join(', ')

interface Feature {
  _type?: unknown
  names?: unknown
  feature?: Feature
}

/** The features that the library describes in the file's notes; none where it does not, or they make no sense. */
function featuresOf({ notes }: ParquetFile): Map<string, Feature> {
  try {
    const { info } = parseJson(notes.get('huggingface') ?? '{}', manifestLimits) as {
      info?: { features?: Record<string, Feature> }
    }
    return new Map(Object.entries(info?.features ?? {}).filter(([, feature]) => typeof feature === 'object' && feature !== null))
  } catch {
    return new Map()
  }
}

/** Finds the columns of images and labels. @throws WorkbenchError FILE_UNSUPPORTED */
export function findColumns(file: ParquetFile): ImageColumns {
  const features = featuresOf(file),
    notes: DatasetNote[] = []
  const tops = [...new Set(file.columns.map(({ path }) => path[0]!))]
  const byPath = new Map<string, ParquetColumn>()
  for (const column of file.columns.toReversed()) if (!column.repeated) byPath.set(column.path.join('\0'), column)
  const plain = (...path: string[]) => byPath.get(path.join('\0')) ?? null
  const isBytes = (column: ParquetColumn | null) => column !== null && column.type === 'BYTE_ARRAY' && !column.text && !column.json
  const bytesOf = (top: string) => {
    const inner = plain(top, 'bytes'),
      outer = plain(top)
    return isBytes(inner) ? inner : isBytes(outer) ? outer : null
  }

  const candidates = tops.filter(
    (top) =>
      bytesOf(top) !== null &&
      (features.get(top)?._type === 'Image' ||
        plain(top, 'bytes') !== null ||
        imageNames.includes(top.toLowerCase()) ||
        !features.has(top)),
  )
  const sure = candidates.filter((top) => features.get(top)?._type === 'Image')
  const images = (sure.length > 0 ? sure : candidates).toSorted((a, b) => rank(imageNames, a) - rank(imageNames, b))
  const [top] = images
  if (top === undefined) {
    throw unsupportedFile(
      file.path,
      'holds no column of images, which are bytes, or bytes and path; ' +
        `it holds ${listed(tops.slice(0, 12)) || 'nothing'}. Choose another file, or save the images with the library datasets.`,
    )
  }
  if (images.length > 1)
    notes.push({
      code: 'imageColumn',
      message:
        'The images are those of the column ' +
        `“${top}”; ${listed(images.slice(1))} ${images.length === 2 ? 'is' : 'are'} not used.`,
    })

  const others = tops.filter((name) => name !== top)
  const isLabel = (name: string) => features.get(name)?._type === 'ClassLabel' || rank(labelNames, name) < labelNames.length
  const called = others.filter(isLabel).toSorted((a, b) => rank(labelNames, a) - rank(labelNames, b))
  const usable = called.filter((name) => {
    const column = plain(name)
    return column !== null && !column.json && (column.text || /^(INT32|INT64|BOOLEAN|BYTE_ARRAY|FLOAT|DOUBLE)$/.test(column.type))
  })
  const [label] = usable
  const several = called.filter((name) => file.columns.some(({ path, repeated, json }) => path[0] === name && (repeated || json)))
  const strange = called.filter((name) => !usable.includes(name) && !several.includes(name))
  if (label === undefined && strange.length > 0) {
    notes.push({
      code: 'noClasses',
      message: `The column ${listed(strange)} holds values of a kind that is not read as labels; imported without labels.`,
    })
  }
  if (label === undefined && several.length > 0) {
    notes.push({
      code: 'severalLabels',
      message: `The column ${listed(several)} gives each image a list of labels; imported without labels.`,
    })
  }
  if (label !== undefined && usable.length > 1) {
    notes.push({
      code: 'labelColumn',
      message:
        'The labels are those of the column ' +
        `“${label}”; ${listed(usable.slice(1))} ${usable.length === 2 ? 'is' : 'are'} not used.`,
    })
  }
  const ignored = others.filter((name) => !called.includes(name))
  if (ignored.length > 0)
    notes.push({
      code: 'unusedColumns',
      message: `Columns that are not used: ${listed(ignored.slice(0, 10))}${ignored.length > 10 ? ' and more' : ''}.`,
    })
  const names = label === undefined ? null : features.get(label)?.names
  return {
    image: bytesOf(top)!,
    path: plain(top, 'path'),
    label: label === undefined ? null : plain(label),
    names: Array.isArray(names) && names.every((name) => typeof name === 'string') ? distinctNames(names) : null,
    notes,
  }
}

const utf8 = new TextDecoder()

/**
 * A label as the name of its class; null where there is none (no text, not a number; where classes have names also -1, which
 * stands for that), undefined where it is no number of a class.
 */
export function labelOf(value: ParquetValue, { label, names }: ImageColumns): string | null | undefined {
  if (value === null) return null
  if (value instanceof Uint8Array) {
    const text = utf8.decode(value.subarray(0, 1000))
    return text.trim() === '' ? null : text
  }
  if (typeof value === 'boolean') return String(value)
  // Tables in which some rows lack a label have whole numbers as floats.
  if (typeof value === 'number' && !Number.isInteger(value)) return Number.isNaN(value) ? null : undefined
  if (names !== null) return Number(value) === -1 ? null : names[Number(value)]
  if (!label?.unsigned) return String(value)
  return String(typeof value === 'bigint' ? BigInt.asUintN(64, value) : value >>> 0)
}
