import type { CallOutput } from '../../../shared/calls.ts'
import { defaultSide } from '../../../shared/fitting.ts'
import { count, counted, samples } from '../../format.ts'

export type Inspected = CallOutput<'datasets.inspect'>

const few = 4

const size = ({ width, height }: { width: number; height: number }): string => `${width} × ${height}`
const colours = ({ channels }: Inspected): string => (channels === null ? '' : channels === 1 ? ', gray' : ', colour')

/** The sizes of a folder's images, and what they become. */
function sizeSentence(found: Inspected): string {
  const { width, height, sizes, sizedBy } = found
  if (width === null || height === null) return ''
  const shape = size({ width, height })
  const chosen =
    sizedBy === 'chosen'
      ? `${shape}, as you chose.`
      : sizedBy === 'proportion'
        ? `${shape}: one side as you chose, the other in proportion.`
        : null
  if (sizes === null) return chosen ? ` Its images become ${chosen}` : ` Images of ${shape}${colours(found)}.`
  const same = sizes.width === width && sizes.height === height
  const differ = sizes.agree === 'differ'
  const why = differ ? (same ? ', their median size,' : ', in the proportions of their median size,') : ''
  const reduced = sizedBy === 'reduced' ? `: the longer side is reduced to ${defaultSide} pixels, for quick training` : ''
  const become = ` They become ${chosen ?? `${shape}${why} unless you choose another size${reduced}.`}`
  if (differ) return ` Sizes differ, from ${size(sizes.smallest)} to ${size(sizes.largest)}${colours(found)}.${become}`
  return ` ${sizes.agree === 'all' ? 'All' : 'Most'} are ${size(sizes)}${colours(found)}.${same && !chosen ? '' : become}`
}

const ofArrays: Readonly<Record<string, string>> = {
  idx: 'An IDX file of images',
  npz: 'A NumPy archive',
  npy: 'A NumPy array',
  hdf5: 'An HDF5 file',
  csv: 'A table of pixels',
  cifar: 'Images in CIFAR’s binary format',
}

/** What a path holds, in one or two sentences. */
export function sentence(found: Inspected): string {
  if (found.about !== null) return found.about
  const sizes = sizeSentence(found)
  if (found.kind === 'dataset')
    return (
      `A dataset that is already here: ${samples(found.images ? 'image' : 'vector', found.files)}.` +
      (found.images ? sizes : ' Patches can only be cut from images.')
    )
  if (found.kind !== 'folder') return `${ofArrays[found.kind] ?? 'A file of arrays'}.${sizes}`
  const files = `${found.truncated ? 'at least ' : ''}${counted(found.files, 'file')}`
  const names = found.classes.slice(0, few).join(', ')
  const more = found.classes.length > few ? ` and ${count(found.classes.length - few)} more` : ''
  const classes = found.classes.length
    ? ` in ${counted(found.classes.length, 'class', 'classes')}: ${names}${more}`
    : ', without classes'
  return `A folder with ${files}${classes}.${sizes}`
}

/** How many images each part gets, and which parts the source brings. */
export function partsText({ parts, brought, images }: Inspected): string {
  if (!parts) return ''
  const { train, validation, test } = parts
  const originOf = (part: 'validation' | 'test'): string => (brought.includes(part) ? 'given by the source' : 'drawn')
  const validated =
    validation > 0
      ? `${count(validation)} for validation (${originOf('validation')})`
      : 'a tenth of them for validation, drawn by the seed of each run'
  const trained = samples(images ? 'image' : 'vector', train)
  return validation > 0
    ? `${trained} for training, ${validated}, ${count(test)} for testing (${originOf('test')}).`
    : `${trained} for training (${validated}), ${count(test)} for testing (${originOf('test')}).`
}
