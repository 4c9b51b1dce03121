/**
 * Datasets that are computed instead of read: their names stand where a path would (a folder of that name is `./moons`).
 * `image`: bytes of any size; `plane`: points of two standardised reals.
 */
export interface SyntheticSet {
  title: string
  kind: 'image' | 'plane'
  /** Width and height of its images unless asked otherwise. */
  side?: number
  /** How many rows it has unless asked otherwise. */
  count: number
  classes: readonly string[]
  /** What it is, in one sentence. */
  description: string
}

export const syntheticSets = {
  random: {
    title: 'Random pixels',
    kind: 'image',
    side: 28,
    count: 10_000,
    classes: [],
    description:
      'Images of independent uniform pixels: there is nothing in them to learn, so a network that reconstructs them copies its input.',
  },
  deadLeaves: {
    title: 'Dead leaves',
    kind: 'image',
    side: 128,
    count: 200,
    classes: [],
    description:
      'Gray images of disks of every size that cover one another, with the ' +
      'edges and the scales of photographs: something to take patches from.',
  },
  moons: {
    title: 'Moons',
    kind: 'plane',
    count: 2000,
    classes: ['upper', 'lower'],
    description: 'Points of the plane along two interleaved half circles, with a little noise.',
  },
  spiral: {
    title: 'Spiral',
    kind: 'plane',
    count: 2000,
    classes: ['first', 'second'],
    description: 'Points of the plane along the two arms of a spiral, one and a half turns each, with a little noise.',
  },
  circle: {
    title: 'Circle',
    kind: 'plane',
    count: 2000,
    classes: [],
    description: 'Points of the plane along a circle, with a little noise.',
  },
  swissRoll: {
    title: 'Swiss roll',
    kind: 'plane',
    count: 2000,
    classes: [],
    description: 'Points of the plane along a strip that is rolled up one and a half times, with a little noise.',
  },
} as const satisfies Record<string, SyntheticSet>

export type SyntheticName = keyof typeof syntheticSets
export type SyntheticImages = { [N in SyntheticName]: (typeof syntheticSets)[N]['kind'] extends 'image' ? N : never }[SyntheticName]
export const syntheticNames = Object.keys(syntheticSets) as SyntheticName[]

/** The synthetic set that a typed path names, or null. */
export const syntheticName = (path: string): SyntheticName | null => syntheticNames.find((name) => name === path.trim()) ?? null

/** The synthetic set of images that a typed path names, or null. */
export const syntheticImages = (path: string): SyntheticImages | null => {
  const name = syntheticName(path)
  return name === null || syntheticSets[name].kind !== 'image' ? null : (name as SyntheticImages)
}

/** What a dataset's `source` says it was computed as (`moons`, `moons, seed 7`), or null. */
export function syntheticSource(source: string): SyntheticSet | null {
  const name = syntheticName(source.replace(/, seed \d+$/, ''))
  return name === null ? null : syntheticSets[name]
}
