import type { OfferedSet } from '../../../../shared/offeredSets.ts'
import { deadLeaves } from './deadLeaves.ts'
import { fashionMnist } from './fashionMnist.ts'
import { lines } from './lines.ts'
import { circle, moons, spiral, swissRoll } from './plane.ts'
import { mnist } from './mnist.ts'
import { random } from './random.ts'
import { sprites } from './sprites.ts'
import type { ComputedSet, InstalledSet, OwnSet } from './set.ts'

/** The sets that come with the workbench, in the order in which they are offered. A new one is a file in this folder and a line here. */
export const ownSets: readonly OwnSet[] = [
  mnist,
  fashionMnist,
  sprites,
  lines,
  random,
  deadLeaves,
  moons,
  spiral,
  circle,
  swissRoll,
]

const isComputed = (set: OwnSet): set is ComputedSet => set.kind !== 'files'

/** The set that a typed path names, or null. */
export const ownSet = (path: string): OwnSet | null => ownSets.find(({ name }) => name === path.trim()) ?? null

/** The set of files that a typed path names, or null. */
export const installedSet = (path: string): InstalledSet | null => {
  const set = ownSet(path)
  return set === null || isComputed(set) ? null : set
}

/** The computed set that a typed path names, or null. */
export const computedSet = (path: string): ComputedSet | null => {
  const set = ownSet(path)
  return set !== null && isComputed(set) ? set : null
}

/** What is told of them to whoever offers them. */
export const offeredSets = (): OfferedSet[] =>
  ownSets.map((set) => {
    const { name, title, description, kind, comparable } = set
    return {
      name,
      title,
      description,
      kind,
      comparable,
      missing: set.kind === 'files' && set.folder() === null ? set.missing : null,
    }
  })
