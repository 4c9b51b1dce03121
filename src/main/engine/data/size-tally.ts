import type { Depth } from '../../../shared/inspection.ts'
import type { SizeCount } from './fitting.ts'
import type { Header } from './header.ts'
import type { Size } from './pixels.ts'

/** What the headers of some files say: sizes (as seen, Exif rotation applied) and whether all are gray. */
export interface Sample {
  /** A usual size: what most have, else, where sizes differ, the medians of widths and of heights. */
  width: number
  height: number
  gray: boolean
  /** Whether any has values that are wider than bytes. */
  wide: boolean
  /** Which depths their values have, the deepest first. */
  depths: Depth[]
  /** Whether all files of the list were looked at and have this size, or more than half of those looked at, or fewer. */
  agree: 'all' | 'most' | 'differ'
  /** By area. */
  smallest: Size
  largest: Size
  /** Every size, and how many of those looked at have it. */
  counts: SizeCount[]
}

/** The size of an image as it is seen. */
export const seenSize = ({ width, height, orientation }: Pick<Header, 'width' | 'height' | 'orientation'>): Size =>
  orientation >= 5 ? { width: height, height: width } : { width, height }

/** Gathers what headers say. */
export class SizeTally {
  private readonly sizes = new Map<string, SizeCount>()
  private gray = true
  private wide = false
  private readonly depths = new Map<string, Depth>()

  get empty(): boolean {
    return this.sizes.size === 0
  }

  add(header: Pick<Header, 'width' | 'height' | 'orientation' | 'gray' | 'wide' | 'depth'>): void {
    const { width, height } = seenSize(header)
    const size = this.sizes.get(`${width}x${height}`)
    if (size) size.times++
    else this.sizes.set(`${width}x${height}`, { width, height, times: 1 })
    if (!header.gray) this.gray = false
    if (header.wide) this.wide = true
    const depth = header.depth ?? { bits: 8, kind: 'unsigned' }
    this.depths.set(`${depth.bits} ${depth.kind}`, depth)
  }

  get counts(): SizeCount[] {
    return [...this.sizes.values()]
  }

  /** @param complete whether these are all images @returns null where there was none */
  result(complete: boolean): Sample | null {
    return usual(
      this.counts,
      { gray: this.gray, wide: this.wide, depths: [...this.depths.values()].toSorted((a, b) => b.bits - a.bits) },
      complete,
    )
  }
}

function usual(sizes: SizeCount[], kinds: Pick<Sample, 'gray' | 'wide' | 'depths'>, complete: boolean): Sample | null {
  const byArea = sizes.toSorted((a, b) => a.width * a.height - b.width * b.height || a.width - b.width)
  const [smallest, largest] = [byArea[0], byArea.at(-1)]
  if (!smallest || !largest) return null
  const images = sizes.reduce((sum, { times }) => sum + times, 0)
  const only = ({ width, height }: Size): Size => ({ width, height })
  const frequent = byArea.find(({ times }) => 2 * times > images)
  // The most frequent of many different sizes is an accident, so it is not taken for what is usual.
  const median = (read: (size: Size) => number): number => {
    let seen = 0
    return read(sizes.toSorted((a, b) => read(a) - read(b)).find(({ times }) => 2 * (seen += times) >= images) ?? smallest)
  }
  const size = frequent ? only(frequent) : { width: median(({ width }) => width), height: median(({ height }) => height) }
  return {
    ...size,
    ...kinds,
    agree: !frequent ? 'differ' : sizes.length === 1 && complete ? 'all' : 'most',
    smallest: only(smallest),
    largest: only(largest),
    counts: sizes,
  }
}
