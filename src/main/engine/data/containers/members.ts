import type { DatasetNote, Skipped } from '../../../../shared/domain.ts'
import type { Span } from '../image-file.ts'
import type { FileList } from '../layout.ts'
import { Names } from '../names.ts'
import { testPart, trainPart, validationPart } from '../request.ts'
import type { Sample } from '../size-tally.ts'
import { Texts } from '../texts.ts'
import { byCodePoint } from '../walk.ts'
import { Column, type ImageStream, type Inside } from './inside.ts'
import type { ContainerSource } from './shards.ts'

/** The images of containers, of which each says where its bytes lie. */
export interface ContainerList extends FileList {
  insideOf(file: number): Inside
  /** Where their headers were seen when they were listed. */
  sample: Sample | null | undefined
}

/** Images as they are found, kept off the heap. */
export class Members {
  readonly names = new Names()
  private readonly classes = new Texts()
  private readonly classOf = new Column()
  private readonly parts = new Column()
  private readonly files: (string | ImageStream)[] = []
  private readonly file = new Column()
  /** In a stream: the place; else where it lies in the archive. */
  private readonly offset = new Column()
  private readonly length = new Column()
  private readonly zip = new Column()
  private readonly size = new Column()
  private readonly crc = new Column()

  get count(): number {
    return this.names.count
  }

  /** Whether any image has a class. */
  get labelled(): boolean {
    return this.classes.texts.length > 0
  }

  pushStreamed(name: string, part: number, stream: ImageStream, index: number): void {
    this.push(name, part, stream, index, 0, undefined)
  }

  pushSpan(name: string, part: number, { file, offset, length, zip }: Span): void {
    this.push(name, part, file, offset, length, zip)
  }

  private push(name: string, part: number, file: string | ImageStream, offset: number, length: number, zip: Span['zip']): void {
    if (this.files.at(-1) !== file) this.files.push(file)
    this.names.push(name)
    this.parts.push(part)
    this.classOf.push(-1)
    this.file.push(this.files.length - 1)
    this.offset.push(offset)
    this.length.push(length)
    this.zip.push(zip ? (zip.deflated ? 2 : 1) : 0)
    this.size.push(zip?.size ?? 0)
    this.crc.push(zip?.crc ?? 0)
  }

  /** Gives an image its class. */
  label(index: number, written: string): void {
    this.classOf.set(index, this.classes.codeOf(written))
  }

  labelOf(index: number): string | null {
    return this.classes.texts[this.classOf.at(index)] ?? null
  }

  /** The images that `keep` says yes to, by themselves. */
  only(keep: (index: number) => boolean): Members {
    const out = new Members()
    for (let index = 0; index < this.count; index++) {
      if (!keep(index)) continue
      const inside = this.insideOf(index),
        label = this.labelOf(index),
        name = this.names.at(index)
      if ('stream' in inside) out.pushStreamed(name, this.partOf(index), inside.stream, inside.index)
      else out.pushSpan(name, this.partOf(index), inside)
      if (label !== null) out.label(out.count - 1, label)
    }
    return out
  }

  partOf(index: number): number {
    return this.parts.at(index)
  }

  insideOf(index: number): Inside {
    const file = this.files[this.file.at(index)]!
    if (typeof file !== 'string') return { stream: file, index: this.offset.at(index) }
    const zip = this.zip.at(index)
    return {
      file,
      offset: this.offset.at(index),
      length: this.length.at(index),
      ...(zip > 0 ? { zip: { deflated: zip === 2, size: this.size.at(index), crc: this.crc.at(index) } } : {}),
    }
  }
}

interface Told {
  source: ContainerSource
  notes: DatasetNote[]
  skipped: Skipped[]
  truncated: boolean
  order: readonly string[]
  sample: Sample | null | undefined
  labelsFrom: string
}

/**
 * The list of images whose labels and parts are known one by one. Parts count only where some images are for training, or a
 * path was given for them.
 * @param order of the classes, where the source has one; others are sorted, numbers as numbers
 */
export function listOfMembers(
  members: Members,
  { source, notes, skipped, truncated, order, sample, labelsFrom }: Told,
): ContainerList {
  const there = [trainPart, validationPart, testPart].map((part) =>
    source.shards.some((shard) => (shard.part ?? trainPart) === part),
  )
  const parted = there[trainPart]! && (there[validationPart]! || there[testPart]!)
  if (parted) notes.push(partsNote(source))
  else if (!there[trainPart])
    notes.push({
      code: 'partAlone',
      message:
        'By the names of the files all images are of one part, ' +
        'and there is none to train with; they are split as if they had none.',
    })
  const isNumber = (name: string) => /^-?\d{1,15}$/.test(name)
  const place = new Map(order.map((name, index) => [name.normalize('NFC'), index]))
  const classOrder = (a: string, b: string): number =>
    (place.get(a) ?? Infinity) - (place.get(b) ?? Infinity) ||
    (isNumber(a) && isNumber(b) ? Number(a) - Number(b) : byCodePoint(a, b))
  return {
    names: members.names,
    skipped,
    notes,
    truncated,
    labelled: members.labelled,
    classOrder,
    sample,
    from: source.container,
    labelsFrom,
    rootOf: () => source.path,
    pathOf: (image) => members.names.at(image),
    partOf: (image) => (parted ? members.partOf(image) : trainPart),
    labelOf: (image) => members.labelOf(image),
    groupOf: () => null,
    insideOf: (image) => members.insideOf(image),
  }
}

function partsNote({ shards }: ContainerSource): DatasetNote {
  const phrases = (['training', 'validation', 'testing'] as const).flatMap((title, part) => {
    const names = shards.filter((shard) => (shard.part ?? trainPart) === part).map(({ name }) => name)
    return names.length === 0
      ? []
      : [`${names.slice(0, 2).join(', ')}${names.length > 2 ? ` and ${names.length - 2} more` : ''} for ${title}`]
  })
  return { code: 'partFiles', message: `By the names of the files: ${phrases.join('; ')}.` }
}
