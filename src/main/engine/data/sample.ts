import { setImmediate } from 'node:timers/promises'
import { defaultSide, type SizeReason } from '../../../shared/fitting.ts'
import type { FileList } from './layout.ts'
import { headerOf } from './listed-image.ts'
import { SizeTally, type Sample } from './size-tally.ts'

/** How many files are looked at, evenly spread over the list, to learn a folder's usual size. */
const sampleFiles = 1000

/** @returns null when no image is among the files looked at. */
export async function sampleHeaders(
  list: FileList,
  {
    limit = sampleFiles,
    signal,
    onCount,
  }: { limit?: number; signal?: AbortSignal | undefined; onCount?: (done: number, total: number) => void } = {},
): Promise<Sample | null> {
  const { count } = list.names
  if (list.sample !== undefined) return list.sample
  const tally = new SizeTally()
  const look = (file: number) => {
    const result = headerOf(list, file)
    if (result !== null && 'header' in result) tally.add(result.header)
  }
  const sampled = Math.min(count, limit)
  for (let i = 0; i < sampled; i++) {
    look(Math.floor((i * count) / sampled))
    if (i % 50 === 0) {
      signal?.throwIfAborted()
      onCount?.(i, sampled)
      await setImmediate()
    }
  }
  // Many files of other kinds: go on until there is an image.
  for (let file = 0; tally.empty && file < count && sampled < count; file++) {
    look(file)
    if (file % 50 === 0) {
      signal?.throwIfAborted()
      await setImmediate()
    }
  }
  return tally.result(sampled === count)
}

/**
 * The shape of an import: what was asked for; else the usual size, shrunk in proportion to a longer side of 64
 * pixels where it is larger; one channel when all images looked at are gray, else three. One side given: the other follows in proportion.
 */
export function defaultShape(
  sample: Pick<Sample, 'width' | 'height' | 'gray'> | null,
  wanted: { width?: number | undefined; height?: number | undefined; channels?: 1 | 3 | undefined },
): { width: number; height: number; channels: 1 | 3; sizedBy: SizeReason } {
  const { width, height, gray } = sample ?? { width: 28, height: 28, gray: true }
  const within = (pixels: number) => Math.min(4096, Math.max(1, Math.round(pixels)))
  const channels = wanted.channels ?? (gray ? 1 : 3)
  if (wanted.width !== undefined && wanted.height !== undefined)
    return { width: wanted.width, height: wanted.height, channels, sizedBy: 'chosen' }
  if (wanted.width !== undefined)
    return { width: wanted.width, height: within((height * wanted.width) / width), channels, sizedBy: 'proportion' }
  if (wanted.height !== undefined)
    return { width: within((width * wanted.height) / height), height: wanted.height, channels, sizedBy: 'proportion' }
  const scale = Math.min(1, defaultSide / Math.max(width, height))
  return { width: within(width * scale), height: within(height * scale), channels, sizedBy: scale < 1 ? 'reduced' : 'found' }
}

/** The sizes without what else the headers say. */
export const sizesOf = ({
  agree,
  width,
  height,
  smallest,
  largest,
}: Sample): Omit<Sample, 'gray' | 'wide' | 'depths' | 'counts'> => ({
  agree,
  width,
  height,
  smallest,
  largest,
})
