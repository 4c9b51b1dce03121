import type { Samples } from '../samples.ts'
import type { Decoded } from './pictures.ts'

/** Channels as people count them in a list: “0, 2 and 3”. */
const listed = (channels: readonly number[]): string =>
  channels.length < 2 ? channels.join('') : `${channels.slice(0, -1).join(', ')} and ${channels.at(-1)}`

/**
 * Why images of so many channels cannot be taken, as the end of a sentence; null where they can. One channel is gray and three are
 * colour; what others mean nobody can tell from numbers, so they are chosen.
 */
export function whyNotTaken(channels: number, pick: readonly number[] | undefined): string | null {
  if (pick === undefined) {
    if (channels === 1 || channels === 3) return null
    return (
      'what they are is not said, so choose one or three of them, counted ' +
      `from 0, as in --channels ${channels === 2 ? '0,' : '0,1,2'}`
    )
  }
  const beyond = pick.filter((channel) => channel >= channels)
  if (beyond.length === 0) return null
  return `there is no channel ${listed(beyond)}, counted from 0; choose others with --channels`
}

/** Said of what was picked. */
export const pickNote = (pick: readonly number[], channels: number) => ({
  code: 'pickedChannels',
  message:
    pick.length === 1
      ? `Of ${channels} channels, channel ${pick[0]} (counted from 0) is taken as gray.`
      : `Of ${channels} channels, ${listed(pick)} (counted from 0) are taken as red, green and blue.`,
})

/** Applies a list of channels to take; a channel of transparency that is taken is brightness like any other. */
export function picked(decoded: Decoded, pick: readonly number[] | undefined): Decoded | { reason: string } {
  const image = 'picture' in decoded ? decoded.picture : decoded.samples,
    { channels } = image
  const declared = 'samples' in decoded ? decoded.samples.alpha !== null : channels === 2 || channels === 4
  const refused = pick === undefined && declared && (channels === 2 || channels === 4) ? null : whyNotTaken(channels, pick)
  if (refused !== null) return { reason: `an image of ${channels} channels: ${refused}` }
  if (pick === undefined) return decoded
  const pixels = image.width * image.height
  const take = <T extends { [index: number]: number }>(from: ArrayLike<number>, to: T): T => {
    for (let i = 0; i < pixels; i++) for (let c = 0; c < pick.length; c++) to[i * pick.length + c] = from[i * channels + pick[c]!]!
    return to
  }
  if ('picture' in decoded) {
    return { picture: { ...decoded.picture, channels: pick.length, data: take(image.data, new Uint8Array(pixels * pick.length)) } }
  }
  const { samples } = decoded,
    Maker = samples.data.constructor as new (length: number) => Samples['data']
  return { samples: { ...samples, channels: pick.length, alpha: null, data: take(samples.data, new Maker(pixels * pick.length)) } }
}
