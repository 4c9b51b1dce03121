import { realpath, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DatasetNote } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { readAt } from './byte-stream.ts'
import {
  containerOf,
  missingShards,
  ofSet,
  partOfName,
  setsOf,
  shardsIn,
  type ContainerSource,
  type Shard,
} from './containers/shards.ts'
import type { Arrays, Choice, Format } from './formats/format.ts'
import { arraysInFolder } from './formats/folders.ts'
import { rare } from './header.ts'
import type { Roots } from './layout/structure.ts'
import { looksLikeOther } from './layout/words.ts'
import { testPart, trainPart, validationPart, type SourceRequest } from './request.ts'
import { installedSet } from './sets/registry.ts'

export interface FolderSource extends Roots {
  kind: 'folder'
}
export interface ArraysSource extends Arrays {
  kind: Format['name'] | 'sample'
  path: string
}
/** What a path turns out to hold. */
type Source = FolderSource | ArraysSource | ContainerSource

/** A typed or pasted path as the file system wants it: `~` and `file:` addresses are understood. */
export function resolvePath(path: string): string {
  const trimmed = path.trim()
  if (/^file:\/\//i.test(trimmed)) {
    try {
      return fileURLToPath(trimmed)
    } catch {
      return resolve(trimmed)
    }
  }
  return resolve(trimmed.replace(/^~(?=$|[/\\])/, homedir()))
}

/** Files that hold many images each. */
interface Shards {
  shards: Shard[]
  notes: DatasetNote[]
  set?: string
}
type Kind = { format: Format; file: string; set?: string | undefined } | Shards | 'folder'

/** The kind of what lies at a path: a folder of images, a format and the file of it, or containers. */
async function kindOf(path: string, field: string, choice: Choice): Promise<Kind> {
  let found
  try {
    found = await stat(path)
  } catch (cause) {
    const code = (cause as { code?: string }).code
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new WorkbenchError('PATH_MISSING', `There is nothing at ${path}; check the path.`, { field, cause })
    const why =
      code === 'ELOOP'
        ? 'it is a symbolic link that leads to itself'
        : code === 'EACCES'
          ? 'permission is denied'
          : `the system says ${code}`
    throw new WorkbenchError('PATH_UNREADABLE', `${path} cannot be read: ${why}. Choose another path, or allow reading it.`, {
      field,
      cause,
    })
  }
  if (found.isDirectory()) {
    return (await arraysInFolder(path, field, choice)) ?? (await containersIn(path, choice)) ?? 'folder'
  }
  const { formats } = await import('./formats/index.ts')
  const known =
    'a folder of images, ' +
    `${[...formats.map(({ title }) => title), 'a Parquet file, a tar or zip archive of images'].join(', ')}`
  // Pipes and devices are never opened.
  if (!found.isFile())
    throw new WorkbenchError('FILE_UNSUPPORTED', `${path} is a pipe or a device; choose one of: ${known}.`, { field })
  let start: Buffer
  try {
    start = await readAt(path, 0, 8)
  } catch (cause) {
    throw new WorkbenchError('PATH_UNREADABLE', `${path} cannot be read; choose another file, or allow reading it.`, {
      field,
      cause,
    })
  }
  if (start.length === 0) throw new WorkbenchError('FILE_DAMAGED', `${path} is empty; get the file again.`, { field })
  const container = await containerOf(path)
  if (container) {
    const name = basename(path),
      shard = { file: path, name, ...container, part: partOfName(name) }
    return { shards: [{ ...shard, part: null }], notes: missingShards([shard]) }
  }
  for (const format of formats) if (await format.recognise(path, start)) return { format, file: path, set: choice.set }
  const promised = formats.find(({ named }) => named.test(path))
  if (promised) {
    throw new WorkbenchError(
      'FILE_DAMAGED',
      `${path} does not begin like ${promised.title} in spite of its name, or is damaged; get the file again.`,
      { field },
    )
  }
  const foreign = rare.foreign().foreignKind(await readAt(path, 0, 4096))
  if (foreign)
    throw new WorkbenchError('FILE_UNSUPPORTED', `${path} is ${foreign.what}, which is not read: ${foreign.out}.`, { field })
  throw new WorkbenchError('FILE_UNSUPPORTED', `${path} cannot be imported; choose one of: ${known}.`, { field })
}

/**
 * Finds out what `path` (and the paths of other parts) hold, by content; headers are read and checked, values are not.
 * @throws WorkbenchError PATH_MISSING, PATH_UNREADABLE, FILE_DAMAGED, FILE_UNSUPPORTED
 */
export async function findSource(
  path: string,
  { valPath, testPath }: Pick<SourceRequest, 'valPath' | 'testPath'> = {},
  choice: Choice = {},
): Promise<Source> {
  const named = (
    [
      [validationPart, 'validation', 'valPath', valPath],
      [testPart, 'test', 'testPath', testPath],
    ] as const
  ).flatMap(([part, title, field, given]) => (given === undefined ? [] : [{ part, title, field, at: resolvePath(given) }]))
  const set = installedSet(path)
  if (set !== null) {
    const [first] = named
    if (first)
      throw new WorkbenchError(
        'FILE_UNSUPPORTED',
        `The set ${set.name} brings its own test images; leave the ${first.title} path out.`,
        { field: first.field },
      )
    refuseChoice(`The set ${set.name} holds images`, choice)
    return { kind: 'sample', path: set.name, ...(await (await import('./sets/open.ts')).openInstalled(set)) }
  }
  const at = resolvePath(path),
    kind = await kindOf(at, 'path', choice)
  const parts: { part: number; title: string; at: string; kind: Awaited<ReturnType<typeof kindOf>> }[] = []
  for (const { part, title, field, at: other } of named) {
    const otherKind = await kindOf(other, field, choice)
    if (nameOf(otherKind) !== nameOf(kind)) {
      const message =
        `The ${title} images are of another kind (${nameOf(otherKind)}) than the others (${nameOf(kind)}); ` +
        'give both as folders, or as files of one kind.'
      throw new WorkbenchError('FILE_UNSUPPORTED', message, { field })
    }
    await requireApart(other, title, field, [{ title: 'others', at }, ...parts], kind === 'folder')
    parts.push({ part, title, at: other, kind: otherKind })
  }
  const rootOf = (part: number) => parts.find((other) => other.part === part)?.at ?? null
  if (kind === 'folder') {
    refuseChoice(`${path} is a folder of images`, choice)
    return { kind, root: at, valRoot: rootOf(validationPart), testRoot: rootOf(testPart) }
  }
  if ('shards' in kind) return containers(at, kind, parts, choice)
  const { format, file } = kind,
    found = await format.open(file, false, { ...choice, set: kind.set })
  // A part that is named takes the place of one that lies in the file, or beside it.
  const arrays = found.parts.filter(({ part }) => rootOf(part) === null),
    opened = [found]
  for (const { part, kind: other } of parts) {
    if (other === 'folder' || 'shards' in other) continue
    const more = await format.open(other.file, true, { ...choice, set: other.set })
    arrays.push(...more.parts.map((array) => ({ ...array, part })))
    opened.push(more)
  }
  const notes = opened.flatMap(({ notes = [] }) => notes).filter(({ part }) => part === undefined || rootOf(part) === null)
  return {
    ...found,
    kind: format.name,
    path: at,
    parts: arrays.sort((a, b) => a.part - b.part),
    unused: opened.flatMap(({ unused }) => unused),
    notes: notes.map(({ code, message }) => ({ code, message })),
  }
}

/** The containers in a folder that holds nothing else; of one set, where there are several. */
async function containersIn(folder: string, { set }: Choice): Promise<Shards | null> {
  const found = await shardsIn(folder, looksLikeOther)
  if (found === null) return null
  const sets = setsOf(found.shards)
  if (set === undefined && sets.length > 0) {
    throw new WorkbenchError(
      'FILE_UNSUPPORTED',
      `${folder} holds several sets: ${sets.join(', ')}; choose one with --set, or import its folder.`,
      { field: 'set' },
    )
  }
  if (set === undefined) return found
  const shards = ofSet(found.shards, set)
  if (shards.length === 0)
    throw new WorkbenchError(
      'CALL_INVALID',
      `${folder} holds no set ${set}${sets.length > 0 ? `; choose one of: ${sets.join(', ')}` : ''}.`,
      { field: 'set' },
    )
  return { ...found, shards, set }
}

/** Containers with those of parts that were given by themselves, which take the place of what is called so. */
function containers(
  path: string,
  { shards, notes, set }: Shards,
  parts: readonly { part: number; kind: Kind; title: string }[],
  choice: Choice,
): ContainerSource {
  refuseChoice(`${path} holds images`, { ...choice, set: set === undefined ? choice.set : undefined })
  const given = parts.map(({ part }) => part),
    all = shards.filter(({ part }) => part === null || !given.includes(part))
  const left =
    all.length === shards.length
      ? []
      : [
          {
            code: 'partReplaced',
            message: 'Files here are named after a part for which a path was given; that path is used in their place.',
          },
        ]
  const allNotes = [...notes, ...left]
  for (const { part, kind, title } of parts) {
    if (kind === 'folder' || !('shards' in kind)) continue
    for (const shard of kind.shards) {
      all.push({ ...shard, name: all.some(({ name }) => name === shard.name) ? `${title}/${shard.name}` : shard.name, part })
    }
    allNotes.push(...kind.notes)
  }
  all.sort((a, b) => (a.part ?? trainPart) - (b.part ?? trainPart))
  return { kind: 'container', container: shards[0]!.kind, path, shards: all, notes: allNotes }
}

/** Refuses a path that holds the same images as one before it. */
async function requireApart(
  at: string,
  title: string,
  field: string,
  others: readonly { title: string; at: string }[],
  folder: boolean,
): Promise<void> {
  const real = await realpath(at)
  for (const other of others) {
    const where = await realpath(other.at),
      those = other.title === 'others' ? 'others' : `${other.title} images`
    if (real === where) {
      const message =
        `The ${title} images are the same ${folder ? 'folder' : 'file'} as the ${those}; give another one, ` +
        `or leave the ${title} path out.`
      throw new WorkbenchError('FILE_UNSUPPORTED', message, { field })
    }
    if (where.startsWith(real + sep) || (other.title !== 'others' && real.startsWith(where + sep))) {
      const message = `${at} is to hold the ${title} images, and the ${those} lie in the same folder; give folders that lie apart.`
      throw new WorkbenchError('FILE_UNSUPPORTED', message, { field })
    }
  }
}

/** @throws WorkbenchError CALL_INVALID where something is asked for that only arrays have. @param what begins a sentence */
export function refuseChoice(what: string, choice: Choice): void {
  const field = (['set', 'array', 'rowShape'] as const).find((key) => choice[key] !== undefined)
  if (field !== undefined)
    throw new WorkbenchError(
      'CALL_INVALID',
      `${what}, without sets, arrays or rows to choose; leave --${field === 'rowShape' ? 'shape' : field} out.`,
      { field },
    )
}

const nameOf = (kind: Kind): string => (kind === 'folder' ? kind : 'shards' in kind ? kind.shards[0]!.kind : kind.format.name)
