/**
 * What training does to its images before it sees them: `data.augment`, a text such as `flip,shift=4`. Read and written here, for the
 * engine, the form and the command line alike.
 */
export interface Augmentation {
  /** Mirrored left to right, every second image. */
  flip: boolean
  /** Mirrored top to bottom, every second image. */
  flipVertical: boolean
  /** Moved by up to so many whole pixels along each axis; what comes into sight repeats the edge. */
  shift: number
  /** Cut to a window of this to 1 times the sides, drawn evenly, and brought back to full size bilinearly; 1: off. */
  crop: number
  /** Up to so much added to or taken from all values of an image, which stay in [0, 1]. */
  brightness: number
}

export const noAugmentation: Augmentation = { flip: false, flipVertical: false, shift: 0, crop: 1, brightness: 0 }

/** Those that take a number, with what they take. */
const numbers = {
  shift: { takes: 'a whole number of pixels, e.g. shift=4', fits: (value: number) => Number.isInteger(value) && value >= 0 },
  crop: { takes: 'the least share of the sides that is kept, e.g. crop=0.8', fits: (value: number) => value > 0 && value <= 1 },
  brightness: { takes: 'a number from 0 to 1, e.g. brightness=0.1', fits: (value: number) => value >= 0 && value <= 1 },
} as const
type Numbered = keyof typeof numbers
const isNumbered = (name: string): name is Numbered => Object.hasOwn(numbers, name)

/** Examples of the setting, one of each kind. */
export const augmentationExamples = ['flip', 'flipVertical', 'shift=1', 'crop=0.8', 'brightness=0.1'] as const
const names = 'flip, flipVertical, shift=4, crop=0.8, brightness=0.1'

/** @returns what the text asks for, or a sentence on what is wrong with it */
export function readAugmentation(text: string): Augmentation | string {
  const found = { ...noAugmentation }
  const seen = new Set<string>()
  for (const part of text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '' && each !== 'none')) {
    const [name = '', value, ...more] = part.split('=').map((each) => each.trim())
    if (seen.has(name)) return `data.augment has ${name} twice; leave one of them out.`
    seen.add(name)
    if (name === 'flip' || name === 'flipVertical') {
      if (value !== undefined) return `${name} takes no number; write ${name} alone in data.augment, or leave it out.`
      found[name] = true
    } else if (isNumbered(name)) {
      const number = value === undefined || value === '' || more.length > 0 ? NaN : Number(value)
      const { takes, fits } = numbers[name]
      if (!Number.isFinite(number) || !fits(number)) return `${name} takes ${takes}, not “${part}”; change data.augment.`
      found[name] = number
    } else {
      return `data.augment does not know “${part}”; it is none, or some of ${names}, separated by commas.`
    }
  }
  return found
}

/** The same as text, in one order and without what does nothing: what is stored. */
export function writtenAugmentation({ flip, flipVertical, shift, crop, brightness }: Augmentation): string {
  const parts = [
    ...(flip ? ['flip'] : []),
    ...(flipVertical ? ['flipVertical'] : []),
    ...(shift > 0 ? [`shift=${shift}`] : []),
    ...(crop < 1 ? [`crop=${crop}`] : []),
    ...(brightness > 0 ? [`brightness=${brightness}`] : []),
  ]
  return parts.length === 0 ? 'none' : parts.join(',')
}

/** Why these images cannot be augmented so; null where they can. */
export function augmentationProblem(wanted: Augmentation, { width, height }: { width: number; height: number }): string | null {
  const { flip, flipVertical, shift, crop } = wanted
  const size = `${width} x ${height}`
  if (flip && width === 1) return `Images of ${size} are their own mirror images; leave flip out of data.augment.`
  if (flipVertical && height === 1) return `Images of ${size} are the same upside down; leave flipVertical out of data.augment.`
  const most = Math.floor(Math.min(width, height) / 2)
  if (shift > most) {
    const remedy = most === 0 ? 'leave it out of data.augment' : `set shift in data.augment to at most ${most}`
    return `shift=${shift} moves images of ${size} by more than half of their size; ${remedy}.`
  }
  if (crop < 1 && crop * Math.min(width, height) < 2) {
    const remedy = Math.min(width, height) <= 2 ? 'leave it out of data.augment' : 'set crop in data.augment to a larger share'
    return `crop=${crop} leaves less than 2 pixels of images of ${size}; ${remedy}.`
  }
  return null
}
