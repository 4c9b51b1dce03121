import type { DatasetNote } from '../../../../shared/domain.ts'
import { decodeAll, decoderCount } from '../decoders.ts'
import type { Handling } from '../decoding.ts'
import { onlyFiles, type FileList } from '../layout.ts'
import { fileBatches } from '../listed-image.ts'
import type { ProgressReporter } from '../progress.ts'
import type { SourceRequest } from '../request.ts'
import { wishOf } from '../values/decide.ts'
import { measureImages } from '../values/measure-images.ts'
import { notesOf } from '../values/passes.ts'
import { decideRange, type Ranges } from '../values/range.ts'
import { addSeen, nothingSeen, type Seen } from '../values/seen.ts'

const filesPerDecoder = 8,
  batchFiles = 16

/**
 * What values the files have that patches are cut from, and what becomes of them: measured before the first is cut, where that
 * is needed.
 */
export class PatchValues {
  /** Of the images that patches were cut from. */
  readonly seen: Seen = nothingSeen()
  private readonly list: FileList
  private readonly files: Uint32Array
  private readonly wides: Uint8Array
  private readonly request: SourceRequest
  private readonly channels: 1 | 3
  private ranges: Ranges | null = null

  /** @param wides 1 for each of the `files` whose values are wider than bytes */
  constructor(list: FileList, files: Uint32Array, wides: Uint8Array, request: SourceRequest, channels: 1 | 3) {
    this.list = list
    this.files = files
    this.wides = wides
    this.request = request
    this.channels = channels
  }

  /** @throws WorkbenchError CALL_INVALID, FILE_UNSUPPORTED */
  async measured(progress: ProgressReporter, signal?: AbortSignal): Promise<Ranges> {
    if (this.ranges !== null) return this.ranges
    const {
        request: { range, pick },
      } = this,
      wish = wishOf(range),
      plain: Ranges = { bytes: null, wide: null }
    const pass = (files: Uint32Array) => (stage: string, handling: Handling) => this.pass(files, stage, handling, progress, signal)
    const files = wish === null ? this.files.filter((_, i) => this.wides[i] === 1) : this.files
    if (files.length === 0) return (this.ranges = plain)
    return (this.ranges = (await measureImages(wish, pick, pass(files))).ranges)
  }

  said(): { notes: DatasetNote[]; ranges: Ranges } {
    const { seen } = this,
      ranges = this.ranges ?? { bytes: null, wide: null }
    const bytes =
      ranges.bytes ??
      (seen.images.bytes > 0 ? { ...decideRange(seen.bytes, null, null), from: 0, to: 255, reason: 'bytes' as const } : null)
    return { notes: notesOf(seen, { ...ranges, bytes }, this.channels, this.request), ranges: { ...ranges, bytes } }
  }

  private async pass(
    files: Uint32Array,
    stage: string,
    handling: Handling,
    progress: ProgressReporter,
    signal?: AbortSignal,
  ): Promise<Seen> {
    const seen = nothingSeen(),
      batches = fileBatches(onlyFiles(this.list, [...files]), batchFiles, signal)
    const shape = { width: 1, height: 1, channels: this.channels, fit: 'crop' } as const
    let done = 0
    progress.update(stage, 0, files.length)
    await decodeAll(batches, decoderCount(files.length, filesPerDecoder), null, shape, {
      handling,
      signal,
      onImages: (images) => progress.update(stage, (done += images), files.length),
      onResult: ({ seen: inBatch }) => addSeen(seen, inBatch),
    })
    return seen
  }
}
