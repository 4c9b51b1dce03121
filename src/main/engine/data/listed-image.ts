import { join } from 'node:path'
import { damagedFile } from './byte-stream.ts'
import { isStreamed, type ImageStream } from './containers/inside.ts'
import type { Batch } from './decoding.ts'
import { readImage, type ImageFile, type Span } from './image-file.ts'
import type { FileList } from './layout.ts'

/** The header of an image of a list; null where all that lies before it would have to be unpacked. */
export function headerOf(list: FileList, file: number): ImageFile | null {
  const inside = list.insideOf?.(file)
  if (inside === undefined) return readImage(join(list.rootOf(file), list.names.at(file)), true)
  return isStreamed(inside) ? null : readImage(inside, true)
}

/** Rows of a batch that are read at once, in bytes. */
const batchBytes = 2 ** 23
const blockBytes = 2 ** 16

/**
 * The images of a list in runs of at most `size`, for decoders: by name below one folder, by place in an archive, or with their
 * bytes, of which very many may have to be unpacked and passed over before the next.
 * @param signal ends the reading of bytes, by its reason
 */
export function fileBatches(
  list: FileList,
  size: number,
  signal: AbortSignal | undefined,
): Generator<Batch> | AsyncGenerator<Batch> {
  const first = list.names.count > 0 ? list.insideOf?.(0) : undefined
  return first !== undefined && isStreamed(first) ? streamedBatches(list, size, signal) : placedBatches(list, size)
}

function* placedBatches(list: FileList, size: number): Generator<Batch> {
  const { names } = list
  for (let start = 0; start < names.count;) {
    const root = list.rootOf(start),
      paths = [names.at(start)]
    for (let file = start + 1; file < names.count && paths.length < size && list.rootOf(file) === root; file++)
      paths.push(names.at(file))
    yield {
      start,
      root,
      paths,
      ...(list.insideOf ? { places: paths.map((_, index) => list.insideOf!(start + index) as Span) } : {}),
    }
    start += paths.length
  }
}

/** One stream after another; each is read once, in the order of its images. */
async function* streamedBatches(list: FileList, size: number, signal: AbortSignal | undefined): AsyncGenerator<Batch> {
  const { count } = list.names
  const streamAt = (file: number): { stream: ImageStream; index: number } =>
    list.insideOf!(file) as { stream: ImageStream; index: number }
  for (let from = 0; from < count;) {
    const { stream } = streamAt(from)
    let to = from + 1
    while (to < count && streamAt(to).stream === stream) to++
    const wanted = function* () {
      for (let file = from; file < to; file++) yield streamAt(file).index
    }
    let start = from,
      paths: string[] = [],
      bytes: (Uint8Array | null)[] = [],
      held = 0,
      block = Buffer.alloc(0),
      filled = 0
    // What is given is valid until the next is asked for. Copies share blocks: of many small ones each would have its own.
    const copied = (image: Uint8Array): Uint8Array => {
      if (filled + image.length > block.length) {
        block = Buffer.allocUnsafeSlow(Math.max(image.length, blockBytes))
        filled = 0
      }
      block.set(image, filled)
      return block.subarray(filled, (filled += image.length))
    }
    for await (const image of stream.read(wanted(), signal)) {
      bytes.push(image && copied(image))
      paths.push(list.names.at(start + paths.length))
      held += image?.length ?? 0
      if (paths.length < size && held < batchBytes) continue
      yield { start, root: list.rootOf(start), paths, bytes }
      start += paths.length
      paths = []
      bytes = []
      held = 0
    }
    if (paths.length > 0) yield { start, root: list.rootOf(start), paths, bytes }
    if (start + paths.length < to) throw damagedFile(stream.file, 'it ends before its last image')
    from = to
  }
}
