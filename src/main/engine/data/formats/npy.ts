import { readdir, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { readPieces } from '../byte-stream.ts'
import { openNpy, type NpzArray } from '../npy.ts'
import { chooseArrays, refuseSet, type OpenArray } from './choose.ts'
import type { Format } from './format.ts'
import { readName } from './naming.ts'
import { namedFiles, setsOf, type NamedFile } from './parts-of-files.ts'

const ending = /\.npy$/i

/** An array in a file of its own, with those of labels and of other parts beside it by their names. */
const npy: Format = {
  name: 'npy',
  title: 'an npy file',
  named: ending,
  recognise: (_, start) => start.toString('latin1', 0, 6) === '\x93NUMPY',
  inFolder: (folder, names) => setsOf(imagesOf(namedFiles(folder, names, ending))),
  async open(path, alone, choice = {}) {
    refuseSet(path, choice)
    const fileName = basename(path),
      folder = dirname(path)
    const files = namedFiles(folder, await readdir(folder), ending)
    const naming = readName(fileName.replace(ending, '')),
      sets = setsOf(imagesOf(files))
    // Labels that name no set belong to the images only where these are the only ones.
    const beside = files
      .filter(
        (file) =>
          file.naming.role !== 'images' && (file.naming.set === naming.set || (file.naming.set === '' && sets.length === 1)),
      )
      .filter((file) => file.naming.role !== null)
    const others = files.filter(
      (file) => !alone && naming.part !== null && file.naming.role === 'images' && file.naming.set === naming.set,
    )
    const chosen = [...new Set([path, ...others.map((file) => file.path), ...beside.map((file) => file.path)])]
    const arrays = new Map(chosen.map((file): [string, OpenArray] => [basename(file).replace(ending, ''), () => openFile(file)]))
    // A file of another part than training's is taken as it is.
    const asked = naming.part === null || naming.role !== 'images' || alone ? fileName.replace(ending, '') : undefined
    const found = await chooseArrays(path, arrays, alone, { ...choice, set: undefined, array: choice.array ?? asked })
    const labels = found.parts.flatMap((part) => (part.labels === null ? [] : [part.labels.name]))
    const notes = [
      ...(found.notes ?? []),
      ...(labels.length === 0
        ? []
        : [{ code: 'labelsBeside', message: `Labels come from ${labels.join(', ')}, beside the images.` }]),
    ]
    return { ...found, notes, unused: [] }
  },
}
export default npy

/** Files of images: by their names, or, where those say nothing, any that are not labels. */
const imagesOf = (files: readonly NamedFile[]): NamedFile[] =>
  files.filter(({ naming }) => naming.role === 'images' || naming.role === null)

async function openFile(file: string): Promise<NpzArray> {
  const { size } = await stat(file)
  return openNpy({ file, name: basename(file), size, pieces: () => readPieces(file, 0, size) })
}
