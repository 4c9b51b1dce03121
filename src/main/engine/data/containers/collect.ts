import type { DatasetNote, Skipped } from '../../../../shared/domain.ts'
import { counted, thousands } from '../../../../shared/words.ts'
import { unsupportedFile } from '../byte-stream.ts'
import { Names } from '../names.ts'
import { SizeTally } from '../size-tally.ts'
import { Column } from './inside.ts'
import { cleanName, longestName, mostLevels } from './member-names.ts'
import { Members } from './members.ts'
import { labelOfCls, labelOfJson, sampleName } from './samples.ts'
import type { ContainerSource, Shard } from './shards.ts'

/** Everything in one or more archives that could be an image, with the labels that lie beside. */
export interface Contents {
  /** Files, in the order of the archives. */
  members: Members
  /** Names within the archives, in the same order; those of the members where there is one archive. */
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

const longestShown = 120
const mostRecent = 50_000
/** Images, and files that are left out: of these each is kept with its reason, and a few bytes can unpack to very many. */
const mostImages = 10_000_000,
  mostSkipped = 1_000_000

/** The label of a sample, its image (-1: none yet), and more images where it has several: there may be very many samples of one. */
interface Sampled {
  label: string | null
  image: number
  more: number[] | null
}

/** Collects what lies in archives; nothing is unpacked but what says which class a sample is of. */
export class Collector {
  readonly contents: Contents
  private readonly source: ContainerSource
  private readonly prefix: boolean
  /** The samples of late: their label, and their images. */
  private readonly recent = new Map<string, Sampled>()
  private readonly fields = new Set<string>()
  private forks = 0
  private lists = 0
  private unmatched = 0

  constructor(source: ContainerSource, streamed: boolean) {
    this.source = source
    this.prefix = source.shards.length > 1
    const members = new Members()
    this.contents = {
      members,
      inner: this.prefix ? new Names() : members.names,
      shard: new Column(),
      skipped: [],
      notes: [...source.notes],
      truncated: false,
      samples: false,
      beside: new Map(),
      sampled: 0,
      tally: streamed ? new SizeTally() : null,
    }
  }

  /** Whether a member may be a file of the data; says why where not. */
  accept(written: string, shard: Shard, reason: string | null): string | null {
    const name = cleanName(written)
    if (name === null) return this.skip(written, shard, 'its name leads out of the archive, or is empty')
    if (name.length > longestName) return this.skip(name, shard, 'its name is longer than that of any file can be')
    if (name.split('/').length > mostLevels) return this.skip(name, shard, `it lies more than ${mostLevels} folders deep`)
    const parts = name.split('/'),
      last = parts.at(-1)!
    if (parts.some((part) => part.toLowerCase() === '__macosx') || last.startsWith('._')) {
      this.forks++
      return null
    }
    const why = parts.some((part) => part.startsWith('.')) ? 'a hidden file' : reason
    return why === null ? name : this.skip(name, shard, why)
  }

  /** Leaves a file out. @throws WorkbenchError FILE_UNSUPPORTED where there are too many of these */
  skip(name: string, shard: Shard, reason: string): null {
    const { skipped } = this.contents
    if (skipped.length >= mostSkipped) {
      throw unsupportedFile(
        shard.file,
        `holds more than ${thousands(mostSkipped)} files that are not images; unpack it, and import the folder.`,
      )
    }
    const shown = name.length > longestShown ? `${name.slice(0, longestShown)}…` : name
    skipped.push({ path: this.shown(shown, shard), reason })
    return null
  }

  shown(name: string, shard: Shard): string {
    return this.prefix ? `${shard.name}/${name}` : name
  }

  /** Takes a file down, of which `pushed` says where it lies. */
  image(name: string, shard: number, push: () => void): void {
    const { members, inner } = this.contents,
      sample = this.sampleOf(name),
      image = members.count
    if (image >= mostImages) {
      const { file } = this.source.shards[shard]!
      throw unsupportedFile(file, `holds more than ${thousands(mostImages)} files; divide it, or import a part of it.`)
    }
    push()
    if (this.prefix) inner.push(name)
    this.contents.shard.push(shard)
    if (sample.image < 0) sample.image = image
    else (sample.more ??= []).push(image)
    if (sample.label !== null) members.label(image, sample.label)
  }

  private sampleOf(name: string): Sampled {
    const { key } = sampleName(name),
      there = this.recent.get(key)
    if (there) return there
    // Members of a sample lie side by side.
    if (this.recent.size >= mostRecent) this.forget()
    const sample: Sampled = { label: null, image: -1, more: null }
    this.recent.set(key, sample)
    return sample
  }

  private forget(): void {
    for (const { label, image } of this.recent.values()) if (image < 0 && label !== null) this.unmatched++
    this.recent.clear()
  }

  /** Takes the label of a sample down, from `.cls` (which goes before) or `.json`. */
  label(name: string, is: string, bytes: Buffer): void {
    const { members } = this.contents,
      sample = this.sampleOf(name)
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
    if (sample.image >= 0) members.label(sample.image, label)
    for (const image of sample.more ?? []) members.label(image, label)
  }

  beside(is: string): void {
    this.contents.beside.set(is, (this.contents.beside.get(is) ?? 0) + 1)
  }

  /** Samples do not go over from one archive to the next. */
  endShard(shard: Shard, hadEnd: boolean): void {
    this.forget()
    if (!hadEnd) {
      this.contents.notes.push({
        code: 'archiveEnd',
        message: `${shard.name} lacks the mark that ends an archive; it may be truncated.`,
      })
    }
  }

  end(): Contents {
    const { notes, samples } = this.contents
    if (this.forks > 0)
      notes.push({
        code: 'resourceForks',
        message: `Left out: ${thousands(this.forks)} of the files that macOS adds to archives (._*, __MACOSX).`,
      })
    if (!samples) return this.contents
    const [field] = this.fields
    if (field !== undefined) {
      const message =
        field === ''
          ? 'The labels are what the .json files hold.'
          : `The labels are those of the field “${[...this.fields].join('”, “')}” of the .json files.`
      notes.push({ code: 'labelField', message })
    }
    if (this.lists > 0)
      notes.push({
        code: 'severalLabels',
        message: `${counted(this.lists, 'sample has', 'samples have')} a list of labels; these images are imported without labels.`,
      })
    if (this.unmatched > 0) {
      notes.push({
        code: 'labelsWithoutImage',
        message: `${counted(this.unmatched, 'label is of a sample', 'labels are of samples')} in which there is no image.`,
      })
    }
    const others = [...this.contents.beside].filter(([is]) => is !== 'cls' && is !== 'json')
    if (others.length > 0) {
      const named = others
        .slice(0, 8)
        .map(([is, number]) => `${thousands(number)} .${is}`)
        .join(', ')
      const captions = others.some(([is]) => is === 'txt') ? ' (captions are not labels)' : ''
      notes.push({ code: 'besideImages', message: `Not used, beside the images: ${named}${captions}.` })
    }
    return this.contents
  }
}
