import { realpath } from 'node:fs/promises'
import type { DatasetNote, Skipped } from '../../../../shared/domain.ts'
import { WorkbenchError } from '../../../../shared/errors.ts'
import { fromBytes, placeOf, readable } from '../names.ts'
import { testPart, trainPart, validationPart } from '../request.ts'
import { byCodePoint, entriesOf, isTold, typeOf, type Tree } from '../walk.ts'
import { isGeneral, isJunk, isMaskFolder, looksLikeOther, maskReasons, partNames, partOfWord } from './words.ts'

/** Where images of one part lie, and how they are labelled. */
export interface Place {
  root: string
  /** Below the root; '' for itself. */
  inside: string
  part: number
  /** The class of all images here; null: none; undefined: each folder here is a class, if most files lie in one. */
  label: string | null | undefined
  /** Names here that belong to other places. */
  elsewhere: ReadonlySet<string>
}
interface Structure {
  places: Place[]
  skipped: Skipped[]
  notes: DatasetNote[]
}
/** `tree`: what lies below the root, where that is no folder on the disk. */
export interface Roots {
  root: string
  valRoot: string | null
  testRoot: string | null
  tree?: Tree
}

/** A folder within a folder is looked into so many times at most. */
const deepest = 32
const manyImages = 1000
const none: ReadonlySet<string> = new Set()
export const listed = (names: readonly string[], most = 5): string =>
  names
    .slice(0, most)
    .map((name) => `“${readable(name)}”`)
    .join(', ') + (names.length > most ? ` and ${names.length - most} more` : '')
const below = (inside: string, name: string): string => (inside === '' ? name : `${inside}/${name}`)

/** What lies in a folder, by names alone. */
interface Look {
  folders: string[]
  /** Files that may be images. */
  images: string[]
  /** Files that are called after something else, and folders of masks. */
  others: string[]
}

async function look(
  root: string,
  inside: string,
  elsewhere: ReadonlySet<string>,
  without: ReadonlySet<string>,
  tree?: Tree,
): Promise<Look> {
  const seen: Look = { folders: [], images: [], others: [] }
  for (const entry of tree?.entries(inside) ?? (await entriesOf(placeOf(root, inside)).catch(() => []))) {
    // Of very many files, the names of the first ones tell enough.
    if (seen.images.length >= manyImages && entry.isFile()) {
      seen.images.push(entry.name)
      continue
    }
    if (isJunk(entry.name) || elsewhere.has(entry.name)) continue
    const place = () => placeOf(root, below(inside, entry.name)),
      type = isTold(entry) ? entry : await typeOf(place())
    if (typeof type === 'string') continue
    if (type.isDirectory()) {
      if (without.size === 0 || !without.has(fromBytes(await realpath(place(), 'buffer')))) seen.folders.push(entry.name)
    } else if (type.isFile()) (looksLikeOther(entry.name) ? seen.others : seen.images).push(entry.name)
  }
  seen.others.push(...seen.folders.filter((name) => isMaskFolder(name, seen.folders)))
  seen.folders = seen.folders.filter((name) => !seen.others.includes(name)).sort(byCodePoint)
  return seen
}

/** The folders of a place that are not of other places, nor of masks. */
export const foldersIn = async ({ root, inside, elsewhere }: Place, tree?: Tree): Promise<string[]> =>
  (await look(root, inside, elsewhere, none, tree)).folders

/** Whether some file below a folder may be an image. */
async function holdsImages(root: string, inside: string, without: ReadonlySet<string>, tree?: Tree, depth = 0): Promise<boolean> {
  const { folders, images } = await look(root, inside, none, without, tree)
  if (images.length > 0) return true
  if (depth < deepest) {
    for (const folder of folders) if (await holdsImages(root, below(inside, folder), without, tree, depth + 1)) return true
  }
  return false
}

/**
 * Finds out where the images of each part lie, by the names of folders alone: parts by their names, below folders that hold a
 * single folder too; paths that were named for a part come before folders that are called so.
 * @param lenient takes a folder that holds nothing for training as it is
 * @returns with the real paths that were named for a part (`without`), which no other place holds
 * @throws WorkbenchError FILE_UNSUPPORTED where the parts cannot be those of a dataset
 */
export async function findStructure(roots: Roots, lenient = false): Promise<Structure & { without: ReadonlySet<string> }> {
  const { root, valRoot, testRoot } = roots
  const given = (
    [
      [validationPart, valRoot, 'valPath'],
      [testPart, testRoot, 'testPath'],
    ] as const
  ).flatMap(([part, at, field]) => (at === null ? [] : [{ part, at, field }]))
  const without = new Set<string>()
  for (const { at } of given) without.add(fromBytes(await realpath(placeOf('', at), 'buffer')))
  const out: Structure = { places: [], skipped: [], notes: [] }
  const finder = new Finder(out, without, roots.tree)
  await finder.findParts(root, new Set(given.map(({ part }) => part)), lenient)
  for (const { part, at, field } of given) {
    const partFinder = new Finder(out, none)
    await partFinder.refuseParts(at, part, field)
    out.places.push(await partFinder.settle(at, '', part))
  }
  out.places.sort((a, b) => a.part - b.part)
  return { ...out, without }
}

class Finder {
  private readonly out: Structure
  private readonly without: ReadonlySet<string>
  private readonly tree: Tree | undefined
  /** The last look, since the next one often is at the same folder. */
  private last: { at: string; seen: Look } | null = null
  constructor(out: Structure, without: ReadonlySet<string>, tree?: Tree) {
    this.out = out
    this.without = without
    this.tree = tree
  }

  private async look(root: string, inside: string, elsewhere: ReadonlySet<string> = none): Promise<Look> {
    const at = `${root}\0${inside}`
    if (elsewhere.size > 0) return look(root, inside, elsewhere, this.without, this.tree)
    if (this.last?.at !== at) this.last = { at, seen: await look(root, inside, elsewhere, this.without, this.tree) }
    return this.last.seen
  }

  private leaveOut(inside: string, { folders, others }: Look, names: readonly string[], reason: string): void {
    const all = [...folders, ...others]
    for (const name of names) {
      this.out.skipped.push({
        path: readable(below(inside, name)),
        reason: others.includes(name) && isMaskFolder(name, all) ? maskReasons.folder : reason,
      })
    }
  }

  /** Places of the parts below a folder, which may lie within folders that hold nothing else. */
  async findParts(root: string, given: ReadonlySet<number>, lenient: boolean): Promise<void> {
    let inside = ''
    const passed: { inside: string; seen: Look }[] = []
    for (let depth = 0; depth < deepest; depth++) {
      const seen = await this.look(root, inside)
      if (await this.takeParts(root, inside, seen, given, lenient)) {
        for (const { inside: at, seen } of passed) this.leaveOut(at, seen, seen.others, 'beside the folder with the parts')
        return
      }
      if (seen.folders.length !== 1 || seen.images.length > 0) break
      passed.push({ inside, seen })
      inside = below(inside, seen.folders[0]!)
    }
    this.out.places.push(await this.settle(root, '', trainPart))
  }

  /** Takes the parts that lie in a folder itself. @returns whether there are any */
  private async takeParts(
    root: string,
    inside: string,
    seen: Look,
    given: ReadonlySet<number>,
    lenient: boolean,
  ): Promise<boolean> {
    const named = seen.folders.flatMap((name) => {
      const part = partOfWord(name)
      // Of what is valid or invalid, neither is for validation.
      return part === null || (/^valid$/i.test(name) && seen.folders.some((other) => /^invalid$/i.test(other)))
        ? []
        : [{ name, part }]
    })
    if (named.length === 0) return false
    const rest = seen.folders.filter((name) => !named.some((other) => other.name === name))
    const withImages: string[] = []
    for (const name of rest) if (await holdsImages(root, below(inside, name), this.without, this.tree)) withImages.push(name)
    const trains = named.some(({ part }) => part === trainPart)
    const alone = trains && named.every(({ part }) => part === trainPart)
    if (alone && withImages.length > 0 && !(await this.isDeeper(root, inside, named, withImages))) {
      const message =
        `The folder ${listed(named.map(({ name }) => name))} lies beside ${listed(withImages)} and no test or validation ` +
        'folder, so it is taken for a class.'
      this.out.notes.push({ code: 'partAsClass', message })
      return false
    }
    if (!trains && withImages.length === 0 && seen.images.length === 0) {
      if (lenient || (named.length === 1 && given.has(named[0]!.part))) return false
      throw nothingToTrain(
        root,
        named.map(({ name }) => name),
      )
    }
    const used = named.filter(({ part }) => !given.has(part)),
      elsewhere = new Set(named.map(({ name }) => name))
    this.leaveOut(
      inside,
      seen,
      named.filter(({ part }) => given.has(part)).map(({ name }) => name),
      'in place of it another path was given',
    )
    if (trains) {
      this.leaveOut(inside, seen, [...rest, ...seen.images, ...seen.others].sort(byCodePoint), 'beside the folders of the parts')
      const left = [...withImages, ...seen.images]
      if (left.length > 0) {
        this.out.notes.push({ code: 'besideParts', message: `Left out, because beside the folders of the parts: ${listed(left)}.` })
      }
    } else {
      this.out.places.push(await this.settle(root, inside, trainPart, elsewhere))
    }
    for (const { name, part } of used) {
      if (!(await holdsImages(root, below(inside, name), this.without, this.tree))) {
        this.out.notes.push({ code: 'emptyPart', message: `The folder “${readable(name)}” holds no images.` })
      }
      this.out.places.push(await this.settle(root, below(inside, name), part))
    }
    this.noteParts(used, trains)
    return true
  }

  private noteParts(used: readonly { name: string; part: number }[], trains: boolean): void {
    const phrases = partNames.flatMap((title, part) => {
      const names = used.filter((other) => other.part === part).map(({ name }) => name)
      return names.length === 0 ? [] : [`${listed(names)} ${names.length === 1 ? 'is' : 'together are'} the ${title} part`]
    })
    if (phrases.length === 0) return
    const message = `By their names, ${phrases.join(', ')}${trains ? '' : '; all other images are for training'}.`
    this.out.notes.push({ code: 'partFolders', message })
  }

  /** Whether the images of some folders lie in folders of their own there, and those of others do not. */
  private async isDeeper(
    root: string,
    inside: string,
    named: readonly { name: string }[],
    others: readonly string[],
  ): Promise<boolean> {
    for (const { name } of named) {
      const { folders, images } = await this.look(root, below(inside, name))
      if (folders.length < 2 || images.length > 0) return false
    }
    for (const name of others) if ((await this.look(root, below(inside, name))).images.length === 0) return false
    return true
  }

  /** Goes down through folders that hold a single folder, to where the images of a part or the folders of their classes lie. */
  async settle(root: string, inside: string, part: number, elsewhere: ReadonlySet<string> = none): Promise<Place> {
    let at: Place = { root, inside, part, label: undefined, elsewhere }
    for (let depth = 0; depth < deepest; depth++) {
      const seen = await this.look(root, at.inside, at.elsewhere),
        { folders, images, others } = seen
      const [only] = folders
      if (only === undefined || folders.length > 1 || images.length > 0) return at
      const deeper = below(at.inside, only),
        next = await this.look(root, deeper)
      this.leaveOut(at.inside, seen, others, 'beside the folder of the images')
      at = {
        root,
        inside: deeper,
        part,
        label: next.images.length > 0 || next.folders.length === 0 ? (isGeneral(only) ? null : only) : undefined,
        elsewhere: none,
      }
      if (at.label !== undefined) return at
    }
    return at
  }

  /** @throws WorkbenchError where a path that was named for a part holds parts itself */
  async refuseParts(at: string, part: number, field: string): Promise<void> {
    const { folders } = await this.look(at, '')
    const named = folders.filter((name) => partOfWord(name) !== null)
    if (new Set(named.map(partOfWord)).size < 2) return
    const message =
      `${at} is to be the ${partNames[part]} part, and holds parts itself: ${listed(named)}; ` +
      'name the folder of the one that is meant.'
    throw new WorkbenchError('FILE_UNSUPPORTED', message, { field })
  }
}

const nothingToTrain = (root: string, names: readonly string[]) =>
  new WorkbenchError(
    'FILE_UNSUPPORTED',
    `${root} holds ${listed(names)} and nothing to train with; add a folder called train, ` +
      `or import ${names.length === 1 ? 'that folder' : 'one of these folders'} itself.`,
    { field: 'path' },
  )
