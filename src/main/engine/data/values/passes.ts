import type { DatasetNote } from '../../../../shared/domain.ts'
import { counted, thousands } from '../../../../shared/words.ts'
import type { Handling } from '../decoding.ts'
import type { SourceRequest } from '../request.ts'
import { decidedRange } from './decide.ts'
import { decideRange, rangeNotes, type Ranges } from './range.ts'
import { nothingSeen, type Seen } from './seen.ts'

/** How an import's images were stored in the end. */
interface Passed {
  channels: 1 | 3
  ranges: Ranges
  seen: Seen
  notes: DatasetNote[]
}

/**
 * Goes over all images of an import as often as their values need. Ordinary bytes need one pass, in which they are stored. Wide
 * values are measured before that. What shows on the way (colour among images that were taken for gray, wide values that no
 * header promised, bytes that are 0 and 1 only) lets it begin again, since the order of names must not matter.
 * @param channels as the headers of some files let expect
 * @param known ranges that were measured before
 * @param pass goes over all images; asks whether to go on by what was seen so far
 * @throws WorkbenchError FILE_UNSUPPORTED, and what `pass` throws
 */
export async function passOver(
  request: Pick<SourceRequest, 'range' | 'pick' | 'channels' | 'pages'>,
  channels: 1 | 3,
  known: Ranges,
  pass: (channels: 1 | 3, handling: Handling, goOn: (seen: Seen) => boolean) => Promise<Seen>,
): Promise<Passed> {
  const { pick } = request,
    ranges = { ...known }
  let seen = nothingSeen()
  const free = request.channels === undefined && pick === undefined
  for (;;) {
    const before = { channels, ...ranges }
    const waiting: (seen: Seen) => boolean = (so) => !(free && channels === 1 && so.images.coloured > 0)
    const found = await pass(channels, { task: 'store', ranges: { ...ranges }, pick }, waiting)
    if (!waiting(found)) channels = 3
    if (found.images.waiting > 0 && channels === before.channels) ranges.wide = decidedRange(found.wide, null, null)
    if (request.range === undefined && channels === before.channels && found.images.bytes > 0 && ranges.bytes === null) {
      const byteRange = decideRange(found.bytes, null, null)
      if (byteRange.reason === 'binary') ranges.bytes = byteRange
    }
    seen = found
    if (channels === before.channels && ranges.wide === before.wide && ranges.bytes === before.bytes) break
  }
  if (seen.images.bytes > 0) ranges.bytes ??= decideRange(seen.bytes, null, null)
  return { channels, ranges, seen, notes: notesOf(seen, ranges, channels, request) }
}

const images = (count: number): string => counted(count, 'image')

/** What is to be said of images that were stored. */
export function notesOf(
  { bytes, wide, images: counts, several }: Seen,
  ranges: Ranges,
  channels: 1 | 3,
  request: Pick<SourceRequest, 'channels' | 'pick' | 'pages'>,
): DatasetNote[] {
  const notes: DatasetNote[] = [],
    all = counts.bytes + counts.wide,
    gray = all - counts.coloured
  const note = (code: string, message: string) => notes.push({ code, message })
  if (ranges.bytes !== null && counts.bytes > 0) notes.push(...rangeNotes(bytes, ranges.bytes))
  if (ranges.wide !== null && counts.wide > 0) notes.push(...rangeNotes(wide, ranges.wide))
  if (counts.bytes > 0 && counts.wide > 0) {
    note(
      'mixedDepths',
      `${images(counts.bytes)} of 8 bits and ${thousands(counts.wide)} of wider values are mixed; ` +
        'each kind has a range of its own, ' +
        'so their brightness may not agree.',
    )
  }
  if (request.pick !== undefined) {
    const [first, ...more] = request.pick
    note(
      'pickedChannels',
      more.length === 0
        ? `Channel ${first} (counted from 0) of each image was taken as gray.`
        : `Channels ${first}, ${more[0]} and ${more[1]} (counted from 0) of each image were taken as red, green and blue.`,
    )
  }
  if (channels === 1 && counts.coloured > 0) {
    note(
      'colourLost',
      `${thousands(counts.coloured)} of ${images(all)} lost ${counts.coloured === 1 ? 'its' : 'their'} colour, as gray was asked for.`,
    )
  }
  if (channels === 3 && gray === all && all > 0) {
    note(
      'grayInColour',
      'All images are gray: red, green and blue are the same everywhere. --channels gray stores them in a third of the space.',
    )
  } else if (channels === 3 && gray > 0 && request.channels === undefined) {
    note(
      'grayAmongColour',
      `${thousands(gray)} of ${images(all)} ${gray === 1 ? 'is gray and was' : 'are gray and were'} stored in three equal channels, ` +
        `since the ${all - gray === 1 ? 'other is' : 'others are'} in colour.`,
    )
  }
  if (counts.transparent > 0)
    note(
      'transparency',
      `${counted(counts.transparent, 'image is', 'images are')} transparent in places and ` +
        `${counts.transparent === 1 ? 'was' : 'were'} laid over white.`,
    )
  if (counts.shrunk > 0) {
    const were = counts.shrunk === 1 ? 'was' : 'were'
    note('shrunkWhileRead', `${images(counts.shrunk)} of more than 40 megapixels ${were} made smaller while being read.`)
  }
  if (several.files > 0) {
    note(
      'firstPages',
      `${counted(several.files, 'file has', 'files have')} several pages or ` +
        `frames (${thousands(several.pages)} in all); the first of each was taken` +
        (request.pages === 'all'
          ? ', since frames of animated PNGs are not read; save them as GIF or WebP.'
          : '. --pages all takes each of a TIFF, GIF or WebP as an image.'),
    )
  }
  return notes
}
