import { readHeader } from '../header.ts'
import { fileLimit } from '../image-file.ts'
import { trainPart } from '../request.ts'
import { readZip } from '../zip.ts'
import { Collector, type Contents } from './collect.ts'
import type { ImageStream } from './inside.ts'
import { isBeside, longestLabel, sampleName } from './samples.ts'
import type { ContainerSource, Shard } from './shards.ts'
import { readTar, type Packing } from './tar.ts'

export interface ListOptions {
  signal?: AbortSignal | undefined
  limit?: number | undefined
  onCount?(images: number): void
}

const headerBytes = 2 ** 16
/** Of an archive that is packed as a whole the headers of the first images are looked at, and of every so many others. */
const firstHeaders = 500,
  everyHeader = 97

/** Goes through archives. @throws WorkbenchError FILE_DAMAGED, FILE_UNSUPPORTED */
export async function readContents(source: ContainerSource, { signal, limit = Infinity, onCount }: ListOptions): Promise<Contents> {
  const collector = new Collector(
      source,
      source.shards.some(({ packing }) => packing !== 'plain'),
    ),
    { contents } = collector
  for (const [index, shard] of source.shards.entries()) {
    signal?.throwIfAborted()
    const hadEnd =
      shard.kind === 'zip'
        ? await readZipShard(collector, shard, index)
        : await readTarShard(collector, shard, index, limit, signal, onCount)
    collector.endShard(shard, hadEnd)
    onCount?.(contents.members.count)
    if (contents.truncated) break
  }
  return collector.end()
}

async function readZipShard(collector: Collector, shard: Shard, index: number): Promise<boolean> {
  const { members } = collector.contents
  for (const { name: written, size, packed, offset, crc, deflated, reason } of await readZip(shard.file)) {
    if (written.endsWith('/')) continue
    const name = collector.accept(written, shard, reason)
    if (name === null) continue
    const span = { file: shard.file, offset, length: packed, zip: { deflated, size, crc } }
    collector.image(name, index, () => members.pushSpan(collector.shown(name, shard), shard.part ?? trainPart, span))
  }
  return true
}

async function readTarShard(
  collector: Collector,
  shard: Shard,
  index: number,
  limit: number,
  signal: AbortSignal | undefined,
  onCount: ListOptions['onCount'],
): Promise<boolean> {
  const { contents } = collector,
    { members } = contents,
    stream = streamOf(shard.file, shard.packing),
    part = shard.part ?? trainPart
  const tar = readTar(shard.file, shard.packing, signal)
  for (let ordinal = 0; ; ordinal++) {
    const { value: member, done } = await tar.next()
    if (done) return member
    if (ordinal % 256 === 0) onCount?.(members.count)
    const name = collector.accept(member.name, shard, member.reason)
    if (name === null) continue
    const { is } = sampleName(name)
    if (isBeside(is)) {
      collector.beside(is)
      if (is !== 'cls' && is !== 'json') continue
      if (member.size > longestLabel) collector.skip(name, shard, 'too large to hold a label')
      else collector.label(name, is, await member.read(member.size))
      continue
    }
    if (members.count >= limit) {
      contents.truncated = true
      await tar.return(true)
      return true
    }
    if (shard.packing !== 'plain' && (members.count < firstHeaders || members.count % everyHeader === 0)) {
      contents.sampled++
      const head = await member.read(headerBytes),
        seen = readHeader(head, member.size <= headerBytes)
      if (typeof seen === 'object' && 'header' in seen) contents.tally!.add(seen.header)
    }
    collector.image(name, index, () =>
      shard.packing === 'plain'
        ? members.pushSpan(collector.shown(name, shard), part, { file: shard.file, offset: member.offset, length: member.size })
        : members.pushStreamed(collector.shown(name, shard), part, stream, ordinal),
    )
  }
}

/**
 * The members of a packed archive in order; one that is too large for an image comes as nothing. What is given is valid until
 * the next.
 */
function streamOf(file: string, packing: Packing): ImageStream {
  return {
    file,
    async *read(wanted, signal) {
      const indices = wanted[Symbol.iterator]()
      let next = indices.next(),
        ordinal = 0
      for await (const member of readTar(file, packing, signal)) {
        if (next.done) return
        if (ordinal++ !== next.value) continue
        yield member.size > fileLimit ? null : await member.read(member.size)
        next = indices.next()
      }
    },
  }
}
