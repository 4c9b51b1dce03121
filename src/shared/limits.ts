import { thousands } from './words.ts'

/**
 * What bytes that somebody else wrote may ask of this process, by what they are for. Everything is counted before anything is
 * allocated: a few bytes can promise millions of values.
 */
export interface Limits {
  /** Of the whole text or message. */
  bytes: number
  /** Values of every kind, one for a string or a typed array however long; of a message also those that its references stand for. */
  values: number
  /** Names of objects, all together: an object costs several times what a list of its values does. */
  names: number
  /** Lists and objects within one another. */
  depth: number
  /** Bytes of all typed arrays and byte strings together. */
  binary: number
}

const mega = 2 ** 20

/**
 * A call of a window or a command line. The largest that are meant: a table of 10,000 runs as rows of text, noisy images to go
 * on from.
 */
export const callLimits: Limits = { bytes: 64 * mega, values: 2_000_000, names: 200_000, depth: 32, binary: 16 * mega }

/** Curves or pictures of one run in a packed experiment: few values, long typed arrays. */
export const packedRowsLimits: Limits = { bytes: 256 * mega, values: 50_000, names: 50_000, depth: 16, binary: 256 * mega }

/** Text that describes many files: the manifest and the plan of a packed experiment of 10,000 runs. */
export const manifestLimits: Limits = { bytes: 128 * mega, values: 4_000_000, names: 4_000_000, depth: 32, binary: 0 }

/** Text that describes one thing: a plan, settings, a run, the index of a folder, what a model says of itself. */
export const documentLimits: Limits = { bytes: 20 * mega, values: 500_000, names: 250_000, depth: 64, binary: 0 }

/** Bytes or a text ask for more than their purpose allows. */
export class LimitError extends RangeError {
  override readonly name = 'LimitError'
}

/** Throws LimitError where there is more of something than is allowed. */
export function atMost(count: number, most: number, what: string): void {
  if (count > most) throw new LimitError(`it has more than ${thousands(most)} ${what}`)
}
