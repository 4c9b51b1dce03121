import type { DatasetNote } from '../../../../shared/domain.ts'
import { thousands } from '../../../../shared/words.ts'
import type { Names } from '../names.ts'
import type { Contents } from './collect.ts'
import type { Column } from './inside.ts'
import { listOfMembers, type ContainerList, type Members } from './members.ts'
import { sampleName } from './samples.ts'
import type { ContainerSource } from './shards.ts'

/** The list of samples, or of several archives: labels from beside the images, or from the folders within the archives. */
export function listArchives(
  source: ContainerSource,
  { members, inner, shard, skipped, notes, truncated, tally, sampled, samples }: Contents,
): ContainerList {
  if (!samples) labelByFolders(source, members, inner, shard)
  return listOfMembers(samples ? leaveOthers(members, inner, notes) : members, {
    source,
    notes,
    skipped,
    truncated,
    order: [],
    labelsFrom: samples ? 'the files beside the images' : 'the names of the folders',
    sample: tally?.result(sampled === members.count),
  })
}

/** Where one sample has several images, those that are called like an image alone are taken, and others said. */
function leaveOthers(members: Members, inner: Names, notes: DatasetNote[]): Members {
  const kinds = new Map<string, number>()
  for (let i = 0; i < inner.count; i++) {
    const { is } = sampleName(inner.at(i))
    kinds.set(is, (kinds.get(is) ?? 0) + 1)
  }
  const compound = [...kinds.keys()].filter((is) => is.includes('.')),
    plain = [...kinds.keys()].filter((is) => !is.includes('.'))
  if (compound.length === 0) return members
  const preferred =
    plain.length > 0 ? plain : compound.toSorted((a, b) => rankOf(a) - rankOf(b) || kinds.get(b)! - kinds.get(a)!).slice(0, 1)
  const left = [...kinds].filter(([is]) => !preferred.includes(is))
  if (left.length === 0) return members
  notes.push({
    code: 'otherImages',
    message:
      `Of each sample the image .${preferred.join(', .')} is taken; ` +
      `left out: ${left.map(([is, count]) => `${thousands(count)} .${is}`).join(', ')}.`,
  })
  return members.only((image) => preferred.includes(sampleName(inner.at(image)).is))
}

const rankOf = (is: string): number => {
  const at = ['image', 'img', 'input', 'rgb', 'x', 'original'].indexOf(is.split('.')[0]!)
  return at < 0 ? 99 : at
}

/** One folder a class, as in a folder of images; folders that hold all of an archive, or are called after a part, are none. */
function labelByFolders(source: ContainerSource, members: Members, inner: Names, shard: Column): void {
  const common = source.shards.map(() => null as string[] | null)
  for (let i = 0; i < inner.count; i++) {
    const folders = inner.at(i).split('/').slice(0, -1),
      archive = shard.at(i),
      before = common[archive]!
    if (before === null) {
      common[archive] = folders
      continue
    }
    let same = 0
    while (same < before.length && before[same] === folders[same]) same++
    if (same < before.length) before.length = same
  }
  let nested = 0
  const classOf = (i: number): string | null => inner.at(i).split('/').slice(0, -1)[common[shard.at(i)]!.length] ?? null
  for (let i = 0; i < inner.count; i++) if (classOf(i) !== null) nested++
  if (2 * nested < inner.count) return
  for (let i = 0; i < inner.count; i++) {
    const name = classOf(i)
    if (name !== null) members.label(i, name)
  }
}
