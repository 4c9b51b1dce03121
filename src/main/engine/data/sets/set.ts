/** What a set that comes with the workbench says of itself. Its name stands where a path would; a folder of that name is `./moons`. */
interface Words {
  name: string
  title: string
  /** What it is, in one sentence or two. */
  description: string
  /** Whether autoencoders can be compared on it as it is: on images of something, taken whole. */
  comparable: boolean
}

/** A set that is read from IDX files on this machine. */
export interface InstalledSet extends Words {
  kind: 'files'
  /** Where its files lie; null where they are not installed. */
  folder(): string | null
  /** What to do where they are not there, in one sentence. */
  missing: string
  /** Its files of images; those of labels lie beside them. */
  train: string
  test: string
  /** What the numbers of labels stand for; null: themselves. */
  classes: readonly string[] | null
}

export interface ImageShape {
  width: number
  height: number
  channels: 1 | 3
}

/**
 * Writes image number `image` into `out` [height, width, channels]; asked for images in ascending order. Yields now and then where that
 * takes long, so that others get their turn.
 */
export type Paint = (out: Uint8Array, image: number) => Iterable<void>

/** What is drawn from a seed. All of it is a function of the seed, the image's number and its shape, the same on every machine. */
export interface Drawn {
  /** The class of an image; left out where there are none. */
  label?(image: number): number
  /** What is known of an image beside its class, as `key=value` words: its name after the set's and its number. */
  factors?(image: number): string
  paint(shape: ImageShape): Paint
}

/** Images of any size that are computed. */
export interface ImageSet extends Words {
  kind: 'image'
  /** Width and height, channels and number of images unless asked otherwise. */
  side: number
  channels: 1 | 3
  count: number
  classes: readonly string[]
  /** Where labels come from, for people; null: there are none. */
  labelsFrom: string | null
  draw(seed: number): Drawn
}

/** Point `i` of `count` before any noise, and its class (-1: none). `draw` is uniform over [0, 1). */
type Curve = (i: number, count: number, draw: () => number) => { x: number; y: number; label: number }

/** Points of the plane along a curve, two standardised reals each. */
export interface PlaneSet extends Words {
  kind: 'plane'
  count: number
  classes: readonly string[]
  labelsFrom: string | null
  curve: Curve
  /** Deviation of the noise, which is Gaussian and isotropic, in the units of the formula. */
  sigma: number
}

export type ComputedSet = ImageSet | PlaneSet
export type OwnSet = InstalledSet | ComputedSet
