import type { DatasetNote, Skipped } from '../../../shared/domain.ts'
import type { Several } from '../../../shared/inspection.ts'
import { counted, thousands } from '../../../shared/words.ts'
import type { Inside } from './containers/inside.ts'
import { findStructure, foldersIn, listed, type Place, type Roots } from './layout/structure.ts'
import { looksLikeOther, maskReasons, partNames, partOfWord } from './layout/words.ts'
import { Names, readable } from './names.ts'
import { testPart, trainPart, validationPart } from './request.ts'
import type { Sample } from './size-tally.ts'
import { Texts } from './texts.ts'
import { walk, type Tree, type Walk } from './walk.ts'

/**
 * The images of an import in their final order, before any is opened: what each is called, and what is known of it from where it lies or
 * from a table. Lists of many thousands are kept off the heap (see Names), so that all else is asked for one image at a time.
 */
export interface ImageList {
  names: Names
  skipped: Skipped[]
  /** What was guessed or left out. */
  notes: DatasetNote[]
  /** True when a limit ended the list. */
  truncated: boolean
  /** Whether any image may have a label. */
  labelled: boolean
  /** Where labels come from, for people; undefined: from folders. */
  labelsFrom?: string
  /** As the user knows it: relative to the imported folder. */
  pathOf(image: number): string
  /** `trainPart` and the others; only the first where the source brings no parts. */
  partOf(image: number): number
  /** The name of its class; null where it has none. */
  labelOf(image: number): string | null
  /** In which order classes come; by code point where it is not said. */
  classOrder?(a: string, b: string): number
  /** Images of one group never lie on both sides of a split; null where it is in none. */
  groupOf(image: number): string | null
}
/** Images that are files of their own, with names relative to a folder. */
export interface FileList extends ImageList {
  rootOf(file: number): string
  /** Of images within containers: where their bytes lie. */
  insideOf?(file: number): Inside
  /** What it is, for an inspection; a folder where it is not said. */
  from?: string
  /** Files of several pages, where each page is an image of its own. */
  several?: Several
  /** What their headers say, where that was seen when they were listed. */
  sample?: Sample | null | undefined
}

interface Options {
  signal?: AbortSignal | undefined
  limit?: number
  onCount?: (files: number) => void
  /** Takes a folder that holds nothing for training as it is. */
  lenient?: boolean
  /** Labels do not come from folders (or only from these, if `folders`): files beside folders of classes are kept. */
  labels?: 'folders' | 'elsewhere' | undefined
}

/** A place with its files among all names: from `from` up to `to`. */
interface Found {
  place: Place
  from: number
  to: number
}

/**
 * Lists the images of folders. Parts are recognised by the names of folders (see layout/words.ts), or are given as paths of
 * their own. Each part decides for itself whether it has classes: one subfolder a class, files of deeper folders belonging to
 * it, where most files lie in folders; files beside these are then left out. Where the folders of classes hold `train` and
 * `test`, these are the parts.
 * @throws WorkbenchError FILE_UNSUPPORTED, and the operating system's error when a folder itself cannot be read
 */
export async function listFolder(roots: Roots, options: Options = {}): Promise<FileList> {
  const { places, skipped, notes, without } = await findStructure(roots, options.lenient)
  const names = new Names(),
    found: Found[] = []
  let truncated = false,
    calledMasks = 0
  for (const place of places) {
    const from = names.count,
      more: Walk = await walk(place.root, {
        signal: options.signal,
        tree: roots.tree,
        inside: place.inside,
        names,
        elsewhere: place.elsewhere,
        limit: (options.limit ?? Infinity) - from,
        without: place.root === roots.root ? without : new Set(),
        prefix: place.root === roots.root ? '' : `${place.root}/`,
        onCount: (files) => options.onCount?.(from + files),
      })
    truncated ||= more.truncated
    calledMasks += more.calledMasks
    skipped.push(...more.skipped)
    found.push({ place, from, to: names.count })
  }
  const masks = skipped.filter(({ reason }) => reason === maskReasons.folder || reason === maskReasons.file).map(({ path }) => path)
  if (masks.length > 0) notes.push({ code: 'masks', message: `Left out as masks, which are not images: ${listed(masks)}.` })
  if (calledMasks > 0) {
    notes.push({
      code: 'maskNames',
      message:
        `${counted(calledMasks, 'file is', 'files are')} named like masks, ` +
        'without an image of that name beside; taken as images.',
    })
  }
  const folders = new Set<string>(),
    list = listOf(roots.root, names, found, { skipped, notes, truncated }, folders, options.labels)
  if (!truncated) notes.push(...(await emptyFolders(found, folders, roots.tree)))
  return list
}

type Remarks = Pick<FileList, 'skipped' | 'notes' | 'truncated'>

/**
 * Decides on labels, and leaves out what lies beside the folders of classes.
 * @param folders gets the folders of classes that hold a file
 */
function listOf(
  root: string,
  all: Names,
  found: readonly Found[],
  remarks: Remarks,
  folders: Set<string>,
  asked: Options['labels'],
): FileList {
  const codes = new Int32Array(all.count).fill(-1),
    parts = new Uint8Array(all.count),
    left = new Uint8Array(all.count)
  const classes = new Texts()
  const pathOf = (place: Place, name: string) => readable(place.root === root ? name : `${place.root}/${name}`)
  let leftOut = 0,
    leftImages = 0,
    foreign = 0
  const examples: string[] = []
  for (const part of [trainPart, validationPart, testPart]) {
    const ofPart = found.filter(({ place }) => place.part === part)
    const byFolder = ofPart.filter(({ place }) => place.label === undefined)
    const labelled = asked !== undefined || byFolders(all, byFolder, part, remarks.notes)
    for (const { place, from, to } of ofPart) {
      const depth = place.inside === '' ? 0 : place.inside.split('/').length
      const fixed = place.label == null ? -1 : classes.codeOf(readable(place.label))
      let before: string | null = null,
        code = -1
      for (let file = from; file < to; file++) {
        parts[file] = part
        if (place.label !== undefined || !labelled) {
          codes[file] = fixed
          continue
        }
        const folder = all.folderOf(file, depth)
        if (folder !== null) {
          if (folder !== before) {
            folders.add(`${place.root}/${place.inside === '' ? '' : `${place.inside}/`}${(before = folder)}`)
            code = classes.codeOf(readable(folder))
          }
          codes[file] = code
          continue
        }
        if (asked !== undefined) continue
        const name = all.at(file)
        left[file] = 1
        leftOut++
        remarks.skipped.push({ path: pathOf(place, name), reason: 'outside the folders of the classes' })
        if (!looksLikeOther(name) && ++leftImages <= 5) examples.push(name)
      }
    }
  }
  if (leftImages > 0) {
    const message =
      `${counted(leftImages, 'file', 'files')} beside the folders of the classes left ` +
      `out: ${listed(examples)}${leftImages > 5 ? ', ...' : ''}.`
    remarks.notes.push({ code: 'looseFiles', message })
  }
  leftOut += partsInClasses(all, found, parts, left, remarks)
  for (let file = 0; file < all.count; file++) if (all.isForeign(file)) foreign++
  if (foreign > 0) {
    const message = `The names of ${counted(foreign, 'file are', 'files are')} not UTF-8; they are read, and shown as Latin-1.`
    remarks.notes.push({ code: 'namesNotUtf8', message })
  }
  const places = new Uint16Array(all.count)
  for (const [index, { from, to }] of found.entries()) places.fill(index, from, to)
  const keep = (file: number) => left[file] === 0
  const kept = <T extends Int32Array | Uint8Array | Uint16Array>(values: T): T =>
    leftOut === 0 ? values : (values.filter((_, file) => keep(file)) as T)
  const names = leftOut === 0 ? all : all.filter(keep),
    [label, partOf, placeIn] = [kept(codes), kept(parts), kept(places)]
  const place = (file: number) => found[placeIn[file]!]!.place
  return {
    ...remarks,
    names,
    labelled: classes.texts.length > 0,
    rootOf: (file) => place(file).root,
    pathOf: (file) => pathOf(place(file), names.at(file)),
    partOf: (file) => partOf[file]!,
    labelOf: (file) => classes.texts[label[file]!] ?? null,
    groupOf: () => null,
  }
}

/** Some files of a list, given ascending, of which all else is as it was. */
export function onlyFiles(list: FileList, files: readonly number[]): FileList {
  const names = new Names()
  for (const file of files) names.push(list.names.at(file))
  const at =
    <T>(of: (file: number) => T) =>
    (file: number): T =>
      of(files[file]!)
  return {
    ...list,
    names,
    skipped: [],
    rootOf: at(list.rootOf),
    pathOf: at(list.pathOf),
    partOf: at(list.partOf),
    labelOf: at(list.labelOf),
    groupOf: at(list.groupOf),
    ...(list.insideOf ? { insideOf: at(list.insideOf) } : {}),
  }
}

/** Folders among those of classes in which there is no file. @param held those in which there is one */
async function emptyFolders(found: readonly Found[], held: ReadonlySet<string>, tree?: Tree): Promise<DatasetNote[]> {
  const empty: string[] = []
  for (const { place } of found) {
    const below = place.inside === '' ? '' : `${place.inside}/`,
      top = `${place.root}/${below}`
    if (place.label !== undefined || ![...held].some((folder) => folder.startsWith(top))) continue
    for (const folder of await foldersIn(place, tree)) if (!held.has(top + folder)) empty.push(below + folder)
  }
  const message = `No files lie in ${listed(empty)}, so ${empty.length === 1 ? 'that is not a class' : 'these are not classes'}.`
  return empty.length === 0 ? [] : [{ code: 'emptyClass', message }]
}

/** Whether the files of a part lie in folders, one a class. */
function byFolders(names: Names, found: readonly Found[], part: number, notes: DatasetNote[]): boolean {
  let nested = 0,
    loose = 0
  for (const { place, from, to } of found) {
    const below = place.inside === '' ? 0 : Buffer.byteLength(place.inside) + 1
    for (let file = from; file < to; file++) names.isNested(file, below) ? nested++ : looksLikeOther(names.at(file)) || loose++
  }
  if (nested > 0 && nested < loose) {
    const message =
      `${counted(nested, 'file', 'files')} of the ${partNames[part]} images ${nested === 1 ? 'lies' : 'lie'} in folders ` +
      `and ${thousands(loose)} do not, so that these folders are not classes.`
    notes.push({ code: 'foldersNoClasses', message })
  }
  return nested > 0 && nested >= loose
}

/**
 * Where folders of classes hold folders that are called after parts, `train` and another at least: takes these as the parts.
 * @returns how many files are left out
 */
function partsInClasses(
  names: Names,
  found: readonly Found[],
  parts: Uint8Array,
  left: Uint8Array,
  { skipped, notes }: Pick<FileList, 'skipped' | 'notes'>,
): number {
  const [{ place, from, to } = { place: null, from: 0, to: 0 }] = found
  if (place === null || found.length > 1 || place.label !== undefined) return 0
  const depth = place.inside === '' ? 0 : place.inside.split('/').length
  const partOf = (segments: readonly string[]) => (segments.length === depth + 3 ? partOfWord(segments[depth + 1]!) : null)
  /** Of each class the parts that its folder holds, as bits. */
  const held = new Map<string, number>()
  for (let file = from; file < to; file++) {
    const word = names.folderOf(file, depth + 1),
      part = word === null ? null : partOfWord(word)
    if (part === null) continue
    const classFolder = names.folderOf(file, depth)!
    held.set(classFolder, (held.get(classFolder) ?? 0) | (1 << part))
  }
  if (![...held.values()].some((bits) => (bits & 1) !== 0 && bits > 1)) return 0
  let leftOut = 0
  const whole = new Set<string>()
  for (let file = from; file < to; file++) {
    if (left[file]) continue
    const name = names.at(file),
      segments = name.split('/', depth + 3),
      part = partOf(segments),
      classFolder = segments[depth]!
    if (part !== null) parts[file] = part
    else if (!held.has(classFolder)) whole.add(classFolder)
    else {
      left[file] = 1
      leftOut++
      skipped.push({ path: readable(name), reason: 'beside the folders of the parts' })
    }
  }
  const without =
    whole.size === 0
      ? ''
      : ` ${listed([...whole])} ${whole.size === 1 ? 'holds' : 'hold'} none, so all images there are for training.`
  const message =
    `The folders of the classes hold the parts (${listed([...held.keys()])}): ` +
    `deeper folders are not labels.${leftOut > 0 ? ` ${counted(leftOut, 'file', 'files')} beside them left out.` : ''}${without}`
  notes.push({ code: 'partsInClasses', message })
  return leftOut
}
