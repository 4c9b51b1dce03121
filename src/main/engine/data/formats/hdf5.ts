import { readdir } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { countLast, turnedRows } from '../array-views.ts'
import { isFile, readAt, unsupportedFile } from '../byte-stream.ts'
import { listDatasets, openDatasetOf } from '../hdf5/file.ts'
import type { NpzArray } from '../npy.ts'
import { valuesOf, type StoredArray } from '../numbers.ts'
import { chooseArrays, type OpenArray } from './choose.ts'
import type { Arrays, Choice, Format } from './format.ts'
import { readName } from './naming.ts'
import { namedFiles, openWithParts, setsOf } from './parts-of-files.ts'

const ending = /\.(h5|hdf5|hdf|he5|mat)$/i
const signature = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1')
const isMatlab = (start: Buffer): boolean => start.toString('latin1', 0, 7) === 'MATLAB '

/** Datasets of an HDF5 file, told apart by their names; also MATLAB's files of version 7.3, which are HDF5. */
const hdf5: Format = {
  name: 'hdf5',
  title: 'an HDF5 file (.h5, or .mat of version 7.3)',
  named: ending,
  recognise: (_, start) => start.equals(signature) || isMatlab(start),
  inFolder: (folder, names) =>
    setsOf(namedFiles(folder, names, ending).filter(({ naming }) => naming.role === null || naming.role === 'images')),
  open: (path, alone, choice) => openWithParts(path, alone, ending, (file, one) => openOne(file, one, choice)),
}
export default hdf5

async function openOne(file: string, alone: boolean, choice: Choice = {}): Promise<Arrays> {
  const matlab = isMatlab(await readAt(file, 0, 8))
  if (matlab && !(await readAt(file, 512, 8)).equals(signature)) {
    throw unsupportedFile(
      file,
      `is a MATLAB file of an older version; save it in MATLAB with save(..., '-v7.3'), or in Python as an npz file.`,
    )
  }
  const { arrays, external, lost } = await arraysOf(file, choice.signal)
  const beside = await labelsBeside(file)
  if (beside !== null) {
    const others = [...(await arraysOf(beside, choice.signal)).arrays]
    // The only dataset of a file of labels is labels, whatever it is called.
    for (const [name, open] of others)
      if (others.length === 1 || !arrays.has(name)) arrays.set(others.length === 1 ? 'y' : name, open)
  }
  if (arrays.size === 0 && external.length > 0) {
    throw unsupportedFile(
      file,
      `holds nothing but links into other files (${external.slice(0, 5).join(', ')}), which are not followed; ` +
        'copy the data into one file.',
    )
  }
  const found = await chooseArrays(file, arrays, alone, choice)
  const labelNames = found.parts.flatMap(({ labels }) => (labels !== null && labels.file !== file ? [basename(labels.file)] : []))
  const notes = [
    ...(found.notes ?? []),
    ...labelNames.map((name) => ({ code: 'labelsBeside', message: `Labels come from ${name}, beside the images.` })),
  ]
  const unused = [
    ...found.unused,
    ...external.map((name) => `${name} (a link into another file, which is not followed)`),
    ...lost.map((name) => `${name} (a link that leads nowhere)`),
  ]
  return {
    ...found,
    unused,
    notes,
    ...(matlab && { parts: found.parts.map((part) => ({ ...part, ...fromMatlab(part.images, part.labels) })) }),
  }
}

async function arraysOf(
  file: string,
  signal?: AbortSignal,
): Promise<{ arrays: Map<string, OpenArray>; external: string[]; lost: string[] }> {
  const { datasets, external, lost, truncated } = await listDatasets(file, signal)
  if (truncated) throw unsupportedFile(file, 'holds thousands of datasets; join the images in one, counted by its first axis.')
  const arrays = new Map(datasets.map((dataset): [string, OpenArray] => [dataset.path, () => openDatasetOf(file, dataset, signal)]))
  return { arrays, external, lost }
}

/** The file of labels that belongs to a file of images, as `..._train_y.h5` to `..._train_x.h5`. */
async function labelsBeside(file: string): Promise<string | null> {
  const naming = readName(basename(file).replace(ending, '')),
    folder = dirname(file)
  if (naming.role !== 'images' || (naming.set === '' && naming.part === null)) return null
  const others = namedFiles(folder, await readdir(folder), ending).filter(
    ({ naming: other }) => other.role === 'labels' && other.set === naming.set && other.part === naming.part,
  )
  return others.length === 1 && (await isFile(others[0]!.path)) ? others[0]!.path : null
}

/** MATLAB counts the axes the other way round: [H, W, C, N] there is [N, C, W, H] here, [N, D] is [D, N]. */
function fromMatlab(images: StoredArray, labels: NpzArray | null): { images: StoredArray; labels: NpzArray | null } {
  const { shape } = images,
    first = shape[0]!,
    last = shape.at(-1)!
  const count =
    labels === null
      ? undefined
      : valuesOf(labels.shape) === Math.max(...labels.shape)
        ? valuesOf(labels.shape)
        : [first, last].find((n) => labels.shape.includes(n))
  const countedLast = count === undefined ? shape.length === 2 || last > first : last === count && first !== count
  const layout = shape.length === 3 ? 'HW' : shape.length === 4 ? 'HWC' : undefined
  const turned =
    shape.length < 2
      ? images
      : countedLast
        ? countLast(images, 'reversed', layout)
        : shape.length === 2
          ? images
          : turnedRows(images, layout)
  const hot =
    labels !== null &&
    !('characters' in labels) &&
    labels.shape.length === 2 &&
    Math.min(...labels.shape) > 1 &&
    labels.shape[0] !== turned.shape[0]
  return { images: turned, labels: hot ? countLast(labels as StoredArray, 'reversed') : labels }
}
