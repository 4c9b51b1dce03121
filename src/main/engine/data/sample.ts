import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { readImageFile } from './image-file.ts'
import type { FileList } from './layout.ts'

/** How many files are looked at, evenly spread over the list, to learn a folder's usual size. */
const sampleFiles = 1000
/** Larger images are made smaller by default, so that their longer side has this many pixels. */
const defaultSide = 64

interface Size { width: number; height: number }

/** What the headers of some files say: sizes (as seen, Exif rotation applied) and whether all are gray. */
export interface Sample {
  /** A usual size: what most have, else, where sizes differ, the medians of widths and of heights. */
  width: number
  height: number
  gray: boolean
  /** Whether any has values that are wider than bytes. */
  wide: boolean
  /** Whether all files of the list were looked at and have this size, or more than half of those looked at, or fewer. */
  agree: 'all' | 'most' | 'differ'
  /** By area. */
  smallest: Size
  largest: Size
}

/** @returns null when no image is among the files looked at. */
export async function sampleHeaders(list: FileList, { limit = sampleFiles, signal, onCount }: { limit?: number; signal?: AbortSignal | undefined; onCount?: (done: number, total: number) => void } = {}): Promise<Sample | null> {
  const { count } = list.names
  const sizes = new Map<string, { width: number; height: number; times: number }>()
  let gray = true, wide = false
  const look = (file: number) => {
    const result = readImageFile(join(list.rootOf(file), list.names.at(file)), true)
    if ('reason' in result) return
    const { header } = result, turned = header.orientation >= 5
    const width = turned ? header.height : header.width, height = turned ? header.width : header.height
    const size = sizes.get(`${width}x${height}`)
    if (size) size.times++
    else sizes.set(`${width}x${height}`, { width, height, times: 1 })
    if (!header.gray) gray = false
    if (header.wide) wide = true
  }
  const taken = Math.min(count, limit)
  for (let i = 0; i < taken; i++) {
    look(Math.floor((i * count) / taken))
    if (i % 50 === 0) {
      signal?.throwIfAborted()
      onCount?.(i, taken)
      await setImmediate()
    }
  }
  // Many files of other kinds: go on until there is an image.
  for (let file = 0; sizes.size === 0 && file < count && taken < count; file++) {
    look(file)
    if (file % 50 === 0) {
      signal?.throwIfAborted()
      await setImmediate()
    }
  }
  return usual([...sizes.values()], { gray, wide }, taken === count)
}

function usual(sizes: (Size & { times: number })[], kinds: Pick<Sample, 'gray' | 'wide'>, complete: boolean): Sample | null {
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
  return { ...size, ...kinds, agree: !frequent ? 'differ' : sizes.length === 1 && complete ? 'all' : 'most', smallest: only(smallest), largest: only(largest) }
}

/**
 * The shape of an import: what was asked for; else the usual size, shrunk in proportion to a longer side of 64
 * pixels where it is larger; one channel when all images looked at are gray, else three. One side given: the other follows in proportion.
 */
export function defaultShape(sample: Pick<Sample, 'width' | 'height' | 'gray'> | null, wanted: { width?: number | undefined; height?: number | undefined; channels?: 1 | 3 | undefined }): { width: number; height: number; channels: 1 | 3 } {
  const { width, height, gray } = sample ?? { width: 28, height: 28, gray: true }
  const within = (pixels: number) => Math.min(4096, Math.max(1, Math.round(pixels)))
  const channels = wanted.channels ?? (gray ? 1 : 3)
  if (wanted.width !== undefined && wanted.height !== undefined) return { width: wanted.width, height: wanted.height, channels }
  if (wanted.width !== undefined) return { width: wanted.width, height: within((height * wanted.width) / width), channels }
  if (wanted.height !== undefined) return { width: within((width * wanted.height) / height), height: wanted.height, channels }
  const scale = Math.min(1, defaultSide / Math.max(width, height))
  return { width: within(width * scale), height: within(height * scale), channels }
}

/** The sizes without what else the headers say. */
export const sizesOf = ({ agree, width, height, smallest, largest }: Sample): Omit<Sample, 'gray' | 'wide'> => ({ agree, width, height, smallest, largest })
