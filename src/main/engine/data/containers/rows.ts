import { setImmediate } from 'node:timers/promises'
import type { DatasetNote } from '../../../../shared/domain.ts'
import { counted } from '../../../../shared/words.ts'
import { unsupportedFile } from '../byte-stream.ts'
import { readImage } from '../image-file.ts'
import { openParquet, type ParquetFile } from '../parquet/file.ts'
import type { ParquetValue } from '../parquet/messages.ts'
import { trainPart } from '../request.ts'
import { SizeTally } from '../size-tally.ts'
import type { ListOptions } from './archive.ts'
import { findColumns, labelOf, type ImageColumns } from './huggingface.ts'
import type { ImageStream } from './inside.ts'
import { listOfMembers, Members, type ContainerList } from './members.ts'
import type { ContainerSource, Shard } from './shards.ts'

/** Of so many groups of rows, evenly spread, the headers of so many images are looked at. */
const sampledGroups = 24,
  sampledImages = 64

/**
 * The images of Parquet files as `datasets` writes them. Labels and names are read at once, images only later, one group of rows after
 * another.
 * @throws WorkbenchError FILE_DAMAGED, FILE_UNSUPPORTED
 */
export async function listRows(
  source: ContainerSource,
  { signal, limit = Infinity, onCount }: ListOptions,
): Promise<ContainerList> {
  const members = new Members(),
    notes: DatasetNote[] = [...source.notes],
    tally = new SizeTally()
  const order: string[] = [],
    groups: { shard: Shard; group: number }[] = []
  let truncated = false,
    unknown = 0,
    withBytes = 0,
    withPath = 0,
    seen = 0
  for (const shard of source.shards) {
    const file = await openParquet(shard.file, { signal })
    try {
      const columns = findColumns(file),
        stream = streamOf(shard.file),
        first = members.count
      for (const note of columns.notes) if (!notes.some(({ message }) => message === note.message)) notes.push(note)
      for (const name of columns.names ?? []) if (!order.includes(name)) order.push(name)
      for (const [group, rows] of file.groups.entries()) {
        signal?.throwIfAborted()
        if (members.count >= limit) {
          truncated = true
          break
        }
        groups.push({ shard, group })
        await pushGroup(members, file, columns, group, rows, shard, stream, first, () => {
          unknown++
        })
        onCount?.(members.count)
        await setImmediate()
      }
    } finally {
      await file.close()
    }
    if (truncated) break
  }
  // Groups of one file follow one another: it stays open for all of them.
  let file: ParquetFile | null = null
  try {
    for (let i = 0, sampled = Math.min(groups.length, sampledGroups); i < sampled; i++) {
      const { shard, group } = groups[Math.floor((i * groups.length) / sampled)]!
      signal?.throwIfAborted()
      if (file?.path !== shard.file) {
        await file?.close()
        file = null
        file = await openParquet(shard.file, { signal })
      }
      const { images, bytes, paths } = await sampleGroup(file, group, tally)
      seen += images
      withBytes += bytes
      withPath += paths
    }
  } finally {
    await file?.close()
  }
  if (withBytes === 0 && withPath > 0) {
    throw unsupportedFile(
      source.shards[0]!.file,
      'holds the paths of images and not the images themselves; ' +
        'import the folder that these lie in, or save the set again with the images in it (datasets: embed_external_files).',
    )
  }
  if (unknown > 0)
    notes.push({
      code: 'unknownLabels',
      message:
        `${counted(unknown, 'label is', 'labels are')} not the number of a named class; ` +
        `${unknown === 1 ? 'this image has' : 'these images have'} no label.`,
    })
  return listOfMembers(members, {
    source,
    notes,
    skipped: [],
    truncated,
    order,
    labelsFrom: 'a column of the file',
    sample: tally.result(seen === members.count),
  })
}

async function pushGroup(
  members: Members,
  file: ParquetFile,
  columns: ImageColumns,
  group: number,
  rows: number,
  shard: Shard,
  stream: ImageStream,
  first: number,
  onUnknown: () => void,
): Promise<void> {
  const { label, path } = columns,
    from = members.count
  const paths = path === null || path.type !== 'BYTE_ARRAY' ? null : file.read(path, group)[Symbol.asyncIterator]()
  let page: ArrayLike<ParquetValue> = [],
    at = 0
  for (let row = 0; row < rows; row++) {
    if (paths !== null && at >= page.length) {
      page = ((await paths.next()).value as ArrayLike<ParquetValue> | undefined) ?? []
      at = 0
    }
    members.pushStreamed(
      `${shard.name}/${from - first + row}${fileName(page[at++] ?? null)}`,
      shard.part ?? trainPart,
      stream,
      from - first + row,
    )
  }
  if (label === null) return
  let row = from
  for await (const values of file.read(label, group)) {
    for (let i = 0; i < values.length && row < members.count; i++, row++) {
      const name = labelOf(values[i]!, columns)
      if (name === undefined) onUnknown()
      else if (name !== null) members.label(row, name)
    }
  }
}

const utf8 = new TextDecoder()

/** The last part of a path, as the end of a name. */
function fileName(path: ParquetValue): string {
  if (!(path instanceof Uint8Array) || path.length === 0) return ''
  const name = utf8
    .decode(path.subarray(Math.max(0, path.length - 400)))
    .split(/[/\\]/)
    .at(-1)!
    // eslint-disable-next-line no-control-regex
    .replace(/[\0-\x1f]/g, '')
  return name === '' ? '' : `/${name}`
}

/** Looks at the first images of a group. @returns how many, how many of them have bytes, and how many a path */
async function sampleGroup(
  file: ParquetFile,
  group: number,
  tally: SizeTally,
): Promise<{ images: number; bytes: number; paths: number }> {
  const columns = findColumns(file)
  let images = 0,
    bytes = 0,
    paths = 0
  for await (const page of file.read(columns.image, group)) {
    for (let i = 0; i < Math.min(page.length, sampledImages); i++) {
      const image = page[i]
      images++
      if (!(image instanceof Uint8Array)) continue
      bytes++
      const found = readImage(image, true)
      if ('header' in found) tally.add(found.header)
    }
    break
  }
  if (bytes === 0 && columns.path !== null) {
    for await (const page of file.read(columns.path, group)) for (let i = 0; i < page.length; i++) if (page[i] !== null) paths++
  }
  return { images, bytes, paths }
}

/** The images of a file in the order of its rows; groups in which nothing is wanted are not read. */
function streamOf(path: string): ImageStream {
  return {
    file: path,
    async *read(wanted, signal) {
      const file = await openParquet(path, { signal })
      try {
        const { image } = findColumns(file),
          indices = wanted[Symbol.iterator]()
        let next = indices.next(),
          start = 0
        for (const [group, rows] of file.groups.entries()) {
          const end = start + rows
          if (!next.done && next.value < end) {
            let row = start
            for await (const page of file.read(image, group)) {
              signal?.throwIfAborted()
              for (; !next.done && next.value < row + page.length; next = indices.next()) {
                const value = page[next.value - row]
                yield value instanceof Uint8Array ? value : null
              }
              row += page.length
              if (next.done || next.value >= end) break
            }
          }
          start = end
          if (next.done) return
        }
      } finally {
        await file.close()
      }
    },
  }
}
