import type { CallOutput } from '../../../shared/calls.ts'
import { syntheticName, syntheticSets } from '../../../shared/synthetic.ts'
import { count, counted } from '../../format.ts'

export type Inspected = CallOutput<'datasets.inspect'>

const few = 4

/** What a path holds, in one or two sentences. */
export function sentence(found: Inspected, path = ''): string {
  const synthetic = syntheticName(path)
  if (found.kind === 'synthetic' && synthetic) return syntheticSets[synthetic].description
  const size = found.width && found.height ? ` ${found.kind === 'folder' ? 'Most are' : 'Images of'} ${found.width} × ${found.height}${found.channels ? found.channels === 1 ? ', gray' : ', colour' : ''}.` : ''
  if (found.kind === 'sample') return `The sample digits: handwritten digits in ten classes, with their own test split.${size}`
  if (found.kind === 'dataset') return `A dataset that is here already: ${counted(found.files, found.images ? 'image' : 'row')}.${found.images ? size : ' Patches are cut from images, and these are none.'}`
  if (found.kind === 'idx') return `An IDX file of images.${size}`
  if (found.kind === 'npz') return `A NumPy archive.${size}`
  const files = `${found.truncated ? 'at least ' : ''}${counted(found.files, 'file')}`
  const names = found.classes.slice(0, few).join(', ')
  const more = found.classes.length > few ? ` and ${count(found.classes.length - few)} more` : ''
  const classes = found.classes.length ? ` in ${counted(found.classes.length, 'class', 'classes')}: ${names}${more}` : ', without classes'
  return `A folder with ${files}${classes}.${size}`
}
