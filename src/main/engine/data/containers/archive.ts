import type { DatasetNote, Skipped } from '../../../../shared/domain.ts'
import { thousands } from '../../../../shared/words.ts'
import { unsupportedFile } from '../byte-stream.ts'
import { readHeader } from '../header.ts'
import { Names } from '../names.ts'
import { trainPart } from '../request.ts'
import { SizeTally } from '../size-tally.ts'
import { readZip } from '../zip.ts'
import { Column, type ImageStream } from './inside.ts'
import { cleanName } from './member-names.ts'
import { listOfMembers, Members, type ContainerList } from './members.ts'
import { isBeside, labelOfCls, labelOfJson, longestLabel, sampleName } from './samples.ts'
import type { ContainerSource, Shard } from './shards.ts'
import { readTar, type Packing } from './tar.ts'

export interface ListOptions { signal?: AbortSignal | undefined; limit?: number | undefined; onCount?(images: number): void }

/** Everything in one or more archives that could be an image, with the labels that lie beside. */
export interface Contents {
  /** Files, in the order of the archives. */
  members: Members
  /** Names within the archives, in the same order. */
  inner: Names
  /** Index of the shard of each. */
  shard: Column
  skipped: Skipped[]
  notes: DatasetNote[]
  truncated: boolean
  tally: SizeTally | null
  /** Headers that were looked at for it. */
  sampled: number
  /** Whether labels lie beside the images, as files or in files of the same name. */
  samples: boolean
  /** Files that belong to samples and are no images, by what they are. */
  beside: Map<string, number>
}

const mostMembers = 10_000_000, mostRecent = 50_000
const headerBytes = 2 ** 16
/** Of an archive that is packed as a whole the headers of the first images are looked at, and of every so many others. */
const firstHeaders = 500, everyHeader = 97

/** Collects what lies in archives; nothing is unpacked but what says which class a sample is of. */
class Collector {
  readonly contents: Contents
  private readonly prefix: boolean
  /** The samples of late: their label, and their images. */
  private readonly recent = new Map<string, { label: string | null; images: number[] }>()
  private readonly fields = new Set<string>()
  private forks = 0
  private lists = 0
  private unmatched = 0

  constructor(source: ContainerSource, streamed: boolean) {
    this.prefix = source.shards.length > 1
    this.contents = {
      members: new Members(), inner: new Names(), shard: new Column(), skipped: [], notes: [...source.notes], truncated: false,
      samples: false,
      beside: new Map(), sampled: 0, tally: streamed ? new SizeTally() : null,
    }
  }

  /** Whether a member may be a file of the data; says why where not. */
  accept(written: string, shard: Shard, reason: string | null): string | null {
    const name = cleanName(written), { skipped } = this.contents
    const path = (shown: string) => (this.prefix ? `${shard.name}/${shown}` : shown)
    if (name === null) {
      skipped.push({ path: path(written.slice(0, 300)), reason: 'its name leads out of the archive, or is none' })
      return null
    }
    const parts = name.split('/'), last = parts.at(-1)!
    if (parts.some((part) => part.toLowerCase() === '__macosx') || last.startsWith('._')) { this.forks++; return null }
    if (parts.some((part) => part.startsWith('.'))) { skipped.push({ path: path(name), reason: 'a hidden file' }); return null }
    if (reason !== null) { skipped.push({ path: path(name), reason }); return null }
    return name
  }

  shown(name: string, shard: Shard): string {
    return this.prefix ? `${shard.name}/${name}` : name
  }

  /** Takes a file down, of which `pushed` says where it lies. */
  image(name: string, shard: number, push: () => void): void {
    const { members, inner } = this.contents, sample = this.sampleOf(name), image = members.count
    push()
    inner.push(name)
    this.contents.shard.push(shard)
    sample.images.push(image)
    if (sample.label !== null) members.label(image, sample.label)
  }

  private sampleOf(name: string): { label: string | null; images: number[] } {
    const { key } = sampleName(name), there = this.recent.get(key)
    if (there) return there
    // Members of a sample lie side by side.
    if (this.recent.size >= mostRecent) this.forget()
    const sample = { label: null, images: [] }
    this.recent.set(key, sample)
    return sample
  }

  private forget(): void {
    for (const { label, images } of this.recent.values()) if (images.length === 0 && label !== null) this.unmatched++
    this.recent.clear()
  }

  /** Takes the label of a sample down, from `.cls` (which goes before) or `.json`. */
  label(name: string, is: string, bytes: Buffer): void {
    const { members } = this.contents, sample = this.sampleOf(name)
    let label: string | null
    if (is === 'cls') label = labelOfCls(bytes)
    else {
      const found = labelOfJson(bytes)
      if (found === null) return
      if (found.several) this.lists++
      label = found.label
      this.fields.add(found.field)
    }
    this.contents.samples = true
    if (label === null || (is !== 'cls' && sample.label !== null)) return
    sample.label = label
    for (const image of sample.images) members.label(image, label)
  }

  beside(is: string): void {
    this.contents.beside.set(is, (this.contents.beside.get(is) ?? 0) + 1)
  }

  /** Samples do not go over from one archive to the next. */
  endShard(shard: Shard, hadEnd: boolean): void {
    this.forget()
    if (!hadEnd) {
      this.contents.notes.push({ code: 'archiveEnd', message: `${shard.name} lacks the mark that ends an archive; it may be truncated.` })
    }
  }

  end(): Contents {
    const { notes, samples } = this.contents, count = (number: number) => thousands(number)
    if (this.forks > 0) notes.push({ code: 'resourceForks', message: `Left out: ${count(this.forks)} of the files that macOS adds `
      + 'to archives (._*, __MACOSX).' })
    if (!samples) return this.contents
    const [field] = this.fields
    if (field !== undefined) {
      const message = field === '' ? 'The labels are what the .json files hold.'
        : `The labels are those of the field “${[...this.fields].join('”, “')}” of the .json files.`
      notes.push({ code: 'labelField', message })
    }
    if (this.lists > 0) notes.push({ code: 'severalLabels', message: `${count(this.lists)} samples have a list of labels; `
      + 'these images are imported without labels.' })
    if (this.unmatched > 0) {
      notes.push({ code: 'labelsWithoutImage', message: `${count(this.unmatched)} labels are of samples in which there is no image.` })
    }
    const others = [...this.contents.beside].filter(([is]) => is !== 'cls' && is !== 'json')
    if (others.length > 0) {
      const named = others.slice(0, 8).map(([is, number]) => `${count(number)} .${is}`).join(', ')
      const captions = others.some(([is]) => is === 'txt') ? ' (captions are no labels)' : ''
      notes.push({ code: 'besideImages', message: `Not used, beside the images: ${named}${captions}.` })
    }
    return this.contents
  }
}

/** Goes through archives. @throws WorkbenchError FILE_DAMAGED, FILE_UNSUPPORTED */
export async function readContents(source: ContainerSource, { signal, limit = Infinity, onCount }: ListOptions): Promise<Contents> {
  const collector = new Collector(source, source.shards.some(({ packing }) => packing !== 'plain')), { contents } = collector
  for (const [index, shard] of source.shards.entries()) {
    const hadEnd = shard.kind === 'zip'
      ? await readZipShard(collector, shard, index)
      : await readTarShard(collector, shard, index, limit, signal, onCount)
    collector.endShard(shard, hadEnd)
    onCount?.(contents.members.count)
    if (contents.truncated) break
  }
  if (contents.members.count > mostMembers) throw unsupportedFile(source.path, `holds more than ${thousands(mostMembers)} files.`)
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
  collector: Collector, shard: Shard, index: number, limit: number, signal: AbortSignal | undefined, onCount: ListOptions['onCount'],
): Promise<boolean> {
  const { contents } = collector, { members } = contents, stream = streamOf(shard.file, shard.packing), part = shard.part ?? trainPart
  const tar = readTar(shard.file, shard.packing)
  for (let ordinal = 0; ; ordinal++) {
    const { value: member, done } = await tar.next()
    if (done) return member
    if (ordinal % 256 === 0) {
      signal?.throwIfAborted()
      onCount?.(members.count)
    }
    const name = collector.accept(member.name, shard, member.reason)
    if (name === null) continue
    const { is } = sampleName(name)
    if (isBeside(is)) {
      collector.beside(is)
      if (is !== 'cls' && is !== 'json') continue
      if (member.size > longestLabel) contents.skipped.push({ path: collector.shown(name, shard), reason: 'too large to hold a label' })
      else collector.label(name, is, Buffer.from(await member.read(member.size)))
      continue
    }
    if (members.count >= limit) {
      contents.truncated = true
      await tar.return(true)
      return true
    }
    if (shard.packing !== 'plain' && (members.count < firstHeaders || members.count % everyHeader === 0)) {
      contents.sampled++
      const head = await member.read(headerBytes), seen = readHeader(head, member.size <= headerBytes)
      if (typeof seen === 'object' && 'header' in seen) contents.tally!.add(seen.header)
    }
    collector.image(name, index, () => (shard.packing === 'plain'
      ? members.pushSpan(collector.shown(name, shard), part, { file: shard.file, offset: member.offset, length: member.size })
      : members.pushStreamed(collector.shown(name, shard), part, stream, ordinal)))
  }
}

/** Larger members than any image are not read. */
const mostBytes = 256 * 2 ** 20

/** The members of a packed archive in order; one that is too large comes as nothing. */
function streamOf(file: string, packing: Packing): ImageStream {
  return {
    file,
    async* read(wanted, signal) {
      const indices = wanted[Symbol.iterator]()
      let next = indices.next(), ordinal = 0
      for await (const member of readTar(file, packing)) {
        signal?.throwIfAborted()
        if (next.done) return
        if (ordinal++ !== next.value) continue
        yield member.size > mostBytes ? null : Buffer.from(await member.read(member.size))
        next = indices.next()
      }
    },
  }
}

/** The list of samples, or of several archives: labels from beside the images, or from the folders within the archives. */
export function listArchives(
  source: ContainerSource, { members, inner, shard, skipped, notes, truncated, tally, sampled, samples }: Contents,
): ContainerList {
  if (!samples) labelByFolders(source, members, inner, shard)
  return listOfMembers(samples ? leaveOthers(members, inner, notes) : members, {
    source, notes, skipped, truncated, order: [], labelsFrom: samples ? 'the files beside the images' : 'the names of the folders',
    sample: tally?.result(sampled === members.count),
  })
}

/** Where one sample has several images, those that are called like an image alone are taken, and others said. */
function leaveOthers(members: Members, inner: Names, notes: DatasetNote[]): Members {
  const kinds = new Map<string, number>()
  for (let i = 0; i < inner.count; i++) { const { is } = sampleName(inner.at(i)); kinds.set(is, (kinds.get(is) ?? 0) + 1) }
  const compound = [...kinds.keys()].filter((is) => is.includes('.')), plain = [...kinds.keys()].filter((is) => !is.includes('.'))
  if (compound.length === 0) return members
  const preferred = plain.length > 0
    ? plain
    : compound.toSorted((a, b) => rankOf(a) - rankOf(b) || kinds.get(b)! - kinds.get(a)!).slice(0, 1)
  const left = [...kinds].filter(([is]) => !preferred.includes(is))
  if (left.length === 0) return members
  notes.push({ code: 'otherImages', message: `Of each sample the image .${preferred.join(', .')} is taken; `
    + `left out: ${left.map(([is, count]) => `${thousands(count)} .${is}`).join(', ')}.` })
  return members.only((image) => preferred.includes(sampleName(inner.at(image)).is))
}

const rankOf = (is: string): number => {
  const at = ['image', 'img', 'input', 'rgb', 'x', 'original'].indexOf(is.split('.')[0]!)
  return at < 0 ? 99 : at
}

/** One folder a class, as in a folder of images; folders that hold all of an archive, or are called after a part, are none. */
function labelByFolders(source: ContainerSource, members: Members, inner: Names, shard: Column): void {
  const common = source.shards.map(() => null as string[] | null)
  for (let i = 0; i < inner.count; i++) {
    const folders = inner.at(i).split('/').slice(0, -1), own = shard.at(i), before = common[own]!
    if (before === null) { common[own] = folders; continue }
    let same = 0
    while (same < before.length && before[same] === folders[same]) same++
    if (same < before.length) before.length = same
  }
  let nested = 0
  const classOf = (i: number): string | null => inner.at(i).split('/').slice(0, -1)[common[shard.at(i)]!.length] ?? null
  for (let i = 0; i < inner.count; i++) if (classOf(i) !== null) nested++
  if (2 * nested < inner.count) return
  for (let i = 0; i < inner.count; i++) {
    const name = classOf(i)
    if (name !== null) members.label(i, name)
  }
}
