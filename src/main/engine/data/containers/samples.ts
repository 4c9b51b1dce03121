import { parseJson } from '../../../../shared/json.ts'
import { documentLimits } from '../../../../shared/limits.ts'

/*
 * WebDataset: the members of a sample lie side by side and have one name up to the first dot; what follows says what they are
 * (`000123.jpg`, `000123.cls`).
 */

/** A member's sample and what it is of it, in small letters. */
export function sampleName(name: string): { key: string; is: string } {
  const slash = name.lastIndexOf('/') + 1,
    dot = name.indexOf('.', slash + 1)
  return dot < 0 ? { key: name, is: '' } : { key: name.slice(0, dot), is: name.slice(dot + 1).toLowerCase() }
}

/** Members that are no images, whatever the sample. */
const besides = new RegExp(
  String.raw`^(cls|cls2|json|jsonl|txt|text|caption|id|index|url|npy|npz|pth|pt|pyd|pickle|pkl|ten|tb|mp|msg|cbor|csv|xml` +
    String.raw`|ya?ml|html?|transcript|meta|info)$`,
)
export const isBeside = (is: string): boolean => besides.test(is.slice(is.lastIndexOf('.') + 1))

/** Fields of a sample's json that hold a label, the first that is there. */
const fields = [
  'label',
  'cls',
  'class',
  'class_name',
  'classname',
  'label_name',
  'category',
  'category_name',
  'target',
  'y',
  'class_id',
  'class_index',
  'category_id',
  'labels',
  'classes',
]
export const longestLabel = 2 ** 20

/** The label that a `.cls` file holds: a number or a text. */
export const labelOfCls = (bytes: Buffer): string | null => bytes.toString('utf8').trim().slice(0, 1000) || null

/** The label that a `.json` file holds, and in which field; none where that has several. */
export function labelOfJson(bytes: Buffer): { field: string; label: string | null; several: boolean } | null {
  let json: unknown
  try {
    json = parseJson(bytes, documentLimits)
  } catch {
    return null
  }
  if (typeof json === 'string' || typeof json === 'number') return { field: '', label: String(json), several: false }
  if (typeof json !== 'object' || json === null) return null
  const entries = new Map(Object.entries(json).map(([key, value]) => [key.toLowerCase(), value as unknown]))
  const field = fields.find((name) => entries.get(name) !== undefined)
  if (field === undefined) return null
  const value = entries.get(field)
  if (Array.isArray(value) && value.length !== 1) return { field, label: null, several: true }
  const one: unknown = Array.isArray(value) ? value[0] : value
  if (typeof one === 'object' && one !== null) return { field, label: null, several: true }
  return { field, label: one === null || one === '' ? null : String(one).slice(0, 1000), several: false }
}
