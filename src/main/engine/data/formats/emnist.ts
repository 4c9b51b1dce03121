import { basename, dirname, join } from 'node:path'
import { isFileBeside, readAt } from '../byte-stream.ts'

/** What EMNIST (Cohen et al. 2017) adds to the files of MNIST: several sets, images stored column by column, and mapping files. */
const named = /^emnist-(?<set>[a-z]+)-/i

export const isEmnist = (file: string): boolean => named.test(basename(file))

const longestMapping = 2 ** 16

/** Lines of `emnist-SET-mapping.txt`: a label and the character codes that it stands for, such as `1 65 97`. Null where there is none. */
export async function mappingOf(file: string): Promise<ReadonlyMap<number, string> | null> {
  const set = named.exec(basename(file))?.groups?.['set']
  const path = join(dirname(file), `emnist-${set?.toLowerCase()}-mapping.txt`)
  if (set === undefined || !isFileBeside(path)) return null
  const text = (await readAt(path, 0, longestMapping)).toString('latin1'),
    names = new Map<number, string>()
  for (const line of text.split(/\r?\n/)) {
    const numbers = line
        .trim()
        .split(/[\s,]+/)
        .map(Number),
      [label, ...codes] = numbers
    if (line.trim() === '' || codes.length === 0) continue
    if (numbers.some((value) => !Number.isInteger(value) || value < 0 || value > 0x10ffff)) return null
    names.set(label!, String.fromCodePoint(...codes))
  }
  return names.size > 0 ? names : null
}
