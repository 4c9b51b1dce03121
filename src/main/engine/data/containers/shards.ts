import { opendir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { DatasetNote } from '../../../../shared/domain.ts'
import { WorkbenchError } from '../../../../shared/errors.ts'
import { isFile, readAt } from '../byte-stream.ts'
import { partOfWord } from '../layout/words.ts'
import { byCodePoint } from '../walk.ts'
import type { Packing } from './tar.ts'

/** A file that holds many images. */
type ShardKind = 'parquet' | 'tar' | 'zip'
export interface Shard {
  file: string
  /** Below the folder that was given, as people know it. */
  name: string
  kind: ShardKind
  packing: Packing
  /** By its name; null where that says nothing. */
  part: number | null
}
export interface ContainerSource {
  kind: 'container'
  container: ShardKind
  path: string
  shards: Shard[]
  notes: DatasetNote[]
}

/** The part that a shard's name says it is of: the first such word in its file's name, else in its folders' names. */
export function partOfName(name: string): number | null {
  for (const segment of name.split('/').reverse()) {
    for (const word of segment.split(/[^A-Za-z]+/)) {
      const part = partOfWord(word)
      if (part !== null) return part
    }
  }
  return null
}

const endings: readonly [ShardKind, RegExp][] = [
  ['parquet', /\.parquet$/i],
  ['tar', /\.(tar|tar\.gz|tgz|tar\.zst)$/i],
  ['zip', /\.zip$/i],
]
export const offeredContainers = /\.(parquet|tar|tar\.gz|tgz|tar\.zst|zip)$/i

/** What kind of container a file is, by content; null where it is none. A zip archive of NumPy arrays is none. */
export async function containerOf(path: string): Promise<Pick<Shard, 'kind' | 'packing'> | null> {
  const start = await readAt(path, 0, 512)
  if (/^PAR[1E]/.test(start.toString('latin1', 0, 4))) return { kind: 'parquet', packing: 'plain' }
  if (start.toString('latin1', 0, 2) === 'PK') {
    const { readZip } = await import('../zip.ts')
    const members = await readZip(path),
      arrays = members.filter(({ name }) => /\.npy$/i.test(name)).length
    const files = members.filter(({ name }) => !name.endsWith('/')).length
    return arrays > 0 && 2 * arrays >= files
      ? null
      : isTorch(members.map(({ name }) => name))
        ? null
        : { kind: 'zip', packing: 'plain' }
  }
  if (start.length < 4) return null
  const packing = await (await import('./tar.ts')).tarPacking(path, start)
  return packing && { kind: 'tar', packing }
}

/** A file of PyTorch, which is a zip archive too. */
const isTorch = (names: readonly string[]): boolean => names.some((name) => /(^|\/)data\.pkl$/.test(name))

const deepest = 4,
  mostNames = 20_000

/** The shards in a folder: where it, or folders in it, hold nothing but Parquet files or tar or zip archives and what describes them. */
export async function shardsIn(
  folder: string,
  isOther: (name: string) => boolean,
): Promise<{ shards: Shard[]; notes: DatasetNote[] } | null> {
  const found = new Map<ShardKind, string[]>(endings.map(([kind]) => [kind, []]))
  let seen = 0
  /** @returns whether something else is there, so that it is a folder of images */
  const look = async (inside: string, depth: number): Promise<boolean> => {
    // Read piece by piece: the first entries of a folder of images tell enough.
    const entries = await opendir(join(folder, inside)).catch(() => null)
    for await (const entry of entries ?? []) {
      if (entry.name.startsWith('.') || seen++ > mostNames) continue
      const name = inside === '' ? entry.name : `${inside}/${entry.name}`,
        kind = endings.find(([, ending]) => ending.test(entry.name))?.[0]
      if (entry.isDirectory()) {
        if (depth < deepest && (await look(name, depth + 1))) return true
      } else if (kind !== undefined) found.get(kind)!.push(name)
      else if (!isOther(entry.name)) return true
    }
    return false
  }
  if (await look('', 0)) return null
  const [main, ...rest] = [...found].filter(([, names]) => names.length > 0)
  if (main === undefined) return null
  const [, files] = main,
    notes: DatasetNote[] = []
  const unused = rest.flatMap(([, names]) => names)
  if (unused.length > 0)
    notes.push({
      code: 'unusedFiles',
      message:
        `Files beside the ${main[0]} files that are not ` +
        `used: ${unused.slice(0, 5).join(', ')}${unused.length > 5 ? ', ...' : ''}.`,
    })
  const shards: Shard[] = []
  for (const name of files.sort(byCodePoint)) {
    const file = join(folder, name),
      is = (await isFile(file)) ? await containerOf(file) : null
    if (is === null || is.kind !== main[0]) {
      if (is === null && main[0] === 'zip') return null
      throw new WorkbenchError('FILE_DAMAGED', `${name} is not what its name says, or is damaged; get the file again.`, {
        field: 'path',
      })
    }
    shards.push({ file, name, ...is, part: partOfName(name) })
  }
  return { shards, notes: [...notes, ...missingShards(shards)] }
}

const numbered = /^(.*?)[-_](\d{4,6})-of-(\d{4,6})(\.\w+)$/

/** Says which of `train-00000-of-00002` and its like are not there. */
export function missingShards(shards: readonly Pick<Shard, 'name'>[]): DatasetNote[] {
  const sets = new Map<string, { of: number; there: Set<number> }>()
  for (const { name } of shards) {
    const match = numbered.exec(name)
    if (match === null) continue
    const key = `${match[1]}${match[4]}/${match[3]}`,
      set = sets.get(key) ?? { of: Number(match[3]), there: new Set() }
    set.there.add(Number(match[2]))
    sets.set(key, set)
  }
  return [...sets].flatMap(([key, { of, there }]) =>
    there.size >= of
      ? []
      : [
          {
            code: 'missingShards',
            message:
              `Of ${of} files ${basename(key.slice(0, key.lastIndexOf('/')))} ` +
              `only ${there.size} ${there.size === 1 ? 'is' : 'are'} there; images of the others are missing.`,
          },
        ],
  )
}

/** The set that a shard is of: its folders, without those that say a part or nothing. */
const setOf = (name: string): string =>
  name
    .split('/')
    .slice(0, -1)
    .filter((folder) => partOfName(folder) === null && folder !== 'data')
    .join('/')

/**
 * Shards that are sets of their own, by the folders that they lie in.
 * @returns the names of the sets, where there are several of one part
 */
export function setsOf(shards: readonly Shard[]): string[] {
  const sets = new Map<string, Set<number | null>>()
  for (const { name, part } of shards) {
    const set = setOf(name)
    sets.set(set, (sets.get(set) ?? new Set()).add(part))
  }
  const all = [...sets.values()]
  return all.some((parts, i) => all.some((other, j) => j > i && [...parts].some((part) => other.has(part))))
    ? [...sets.keys()].sort(byCodePoint)
    : []
}

/** The shards of one set. */
export const ofSet = (shards: readonly Shard[], set: string): Shard[] => shards.filter(({ name }) => setOf(name) === set)
