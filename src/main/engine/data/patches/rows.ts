import { setImmediate } from 'node:timers/promises'
import { openDataset, readIndex, rowPaths } from '../open.ts'
import type { Picture } from '../pixels.ts'
import { testPart, validationPart, type SourceRequest } from '../request.ts'
import type { ImageSet } from '../sets/set.ts'
import { defaultSeed, imageName, imageShape } from '../synthetic.ts'
import { cutHere } from './cut.ts'
import type { PatchSource } from './source.ts'

/** Images of one size that are rows of something. */
const sameSize = (count: number, width: number, height: number) => ({ count, widthOf: () => width, heightOf: () => height })

/** An imported dataset's images, with its classes and its split. @returns null where its rows are no images */
export function datasetSource({ path, dataset: given, channels }: SourceRequest): PatchSource | null {
  if (!given) throw new Error(`nobody said where ${path} lies`)
  const { sha256 } = readIndex(given.folder)
  const dataset = openDataset(given.folder, { resident: false })
  if (dataset.kind !== 'image') {
    dataset.close()
    return null
  }
  const { count, width, height } = dataset
  const parts = new Uint8Array(count)
  for (const row of dataset.test) parts[row] = testPart
  for (const row of dataset.validation) parts[row] = validationPart
  async function* read(images: Uint32Array): AsyncGenerator<Picture> {
    const data = new Uint8Array(dataset.rowSize)
    for (const row of images) {
      dataset.gather([row], data)
      yield { data, width, height, channels: dataset.channels }
    }
  }
  return {
    kind: 'dataset',
    ...sameSize(count, width, height),
    channels: channels ?? (dataset.channels === 1 ? 1 : 3),
    from: `dataset:${given.name} (${sha256.slice(0, 16)})`,
    parts,
    skipped: [],
    labels: async () => ({ classes: dataset.classes, labels: dataset.labels }),
    namesOf: (images) => rowPaths(given.folder, images),
    cut: (wanted, options) => cutHere(wanted, read(wanted.images), options),
    close: () => dataset.close(),
  }
}

/** The images of a computed set, as many as it has by default, from the same seed as the patches. */
export function syntheticSource(set: ImageSet, request: SourceRequest): PatchSource {
  const { name, count, classes } = set,
    shape = imageShape(set, { channels: request.channels }),
    { width, height, channels } = shape
  const drawn = set.draw(request.seed ?? defaultSeed)
  async function* paint(images: Uint32Array, signal?: AbortSignal): AsyncGenerator<Picture> {
    const painted = drawn.paint(shape),
      data = new Uint8Array(width * height * channels)
    for (const image of images) {
      for (const _ of painted(data, image)) {
        signal?.throwIfAborted()
        await setImmediate()
      }
      yield { data, width, height, channels }
    }
  }
  return {
    kind: 'synthetic',
    ...sameSize(count, width, height),
    channels,
    from: name,
    parts: null,
    skipped: [],
    labels: async () => ({
      classes: [...classes],
      labels: drawn.label ? Int32Array.from({ length: count }, (_, image) => drawn.label!(image)) : null,
    }),
    namesOf: (images) => Array.from(images, (image) => imageName(set, drawn, image)),
    cut: (wanted, options) => cutHere(wanted, paint(wanted.images, options.signal), options),
    close: () => {},
  }
}
