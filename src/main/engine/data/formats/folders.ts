import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { WorkbenchError } from '../../../../shared/errors.ts'
import { isFile } from '../byte-stream.ts'
import type { Choice, Format, FoundSet } from './format.ts'

const picture = /\.(png|jpe?g|jfif|webp|bmp|gif|tiff?|jp[2xf]|j2[kc]|p[bgnp]m|heic|heif|avif|dcm)$/i
/** What archives bring beside their data. */
const leaflet = /\.(txt|md|rst|pdf|html?)$|^(readme|licen[cs]e)/i
/** Folders that hold nothing but the next one. */
const mostLevels = 2

/**
 * The arrays of a folder that holds files of arrays instead of images: one set, or the one that was chosen.
 * @returns null where it is a folder of images
 * @throws WorkbenchError FILE_UNSUPPORTED where there are several sets and none, or none of these, was chosen; PATH_UNREADABLE
 */
export async function arraysInFolder(
  folder: string,
  field: string,
  choice: Choice,
): Promise<{ format: Format; file: string; set: string | undefined } | null> {
  let at = folder
  for (let level = 0; level <= mostLevels; level++) {
    const entries = await list(at, field)
    const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name),
      folders = entries.filter((entry) => entry.isDirectory())
    const files = names.filter((name) => !name.startsWith('.'))
    // The files of MNIST may lie beside anything; other arrays beside images or folders of images are what belongs to these.
    const beside = files.some((name) => picture.test(name)) || folders.length > 0
    const found = files.every((name) => picture.test(name)) ? [] : await inFolder(await formatsFor(beside), at, files)
    const sure = found.filter(({ format }) => format.name === 'idx'),
      sets = sure.length > 0 ? sure : found
    if (sets.length > 0) return chosen(folder, sets, choice.set, field)
    const inner = folders.filter(({ name }) => !name.startsWith('.') && name !== '__MACOSX')
    if (inner.length !== 1 || files.some((name) => !leaflet.test(name))) return null
    at = join(at, inner[0]!.name)
  }
  return null
}

/** What reads arrays is loaded where some file may be of them. */
async function formatsFor(beside: boolean): Promise<readonly Format[]> {
  if (beside) return [(await import('./idx.ts')).default]
  return (await import('./index.ts')).formats
}

async function list(folder: string, field: string) {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (cause) {
    throw new WorkbenchError('PATH_UNREADABLE', `The folder ${folder} cannot be read; choose another one, or allow reading it.`, {
      field,
      cause,
    })
  }
}

type SetOf = FoundSet & { format: Format }

async function inFolder(formats: readonly Format[], folder: string, names: readonly string[]): Promise<SetOf[]> {
  const found: SetOf[] = []
  for (const format of formats) {
    for (const each of await format.inFolder(folder, names)) {
      // Pipes and devices are never opened.
      if (await isFile(each.file)) found.push({ ...each, format })
    }
  }
  return found
}

/** @returns with what is left to be chosen within the file */
async function chosen(
  folder: string,
  sets: SetOf[],
  wanted: string | undefined,
  field: string,
): Promise<{ format: Format; file: string; set: string | undefined }> {
  const asked = wanted?.trim().toLowerCase()
  const matching =
    asked === undefined
      ? sets
      : sets.filter(({ set, file }) => set.toLowerCase() === asked || basename(file).toLowerCase() === asked)
  if (matching.length === 1) return { ...matching[0]!, set: undefined }
  if (sets.length === 1) return { ...sets[0]!, set: wanted }
  const names = sets.map(({ set }) => set),
    same = new Set(names).size < names.length
  const said = sets.map((each) => (each.set === '' || same ? basename(each.file) : each.set))
  const { severalSets } = await import('./choose.ts')
  throw severalSets(folder, said, asked === undefined ? '' : `There is no set “${wanted}”: `, field)
}
