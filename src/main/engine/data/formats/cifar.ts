import { statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { damagedFile, inBlocks, isFile, isFileBeside, readAt, readPieces, unsupportedFile } from '../byte-stream.ts'
import type { StoredArray } from '../numbers.ts'
import { testPart, trainPart } from '../request.ts'
import { refuseSet } from './choose.ts'
import type { ArrayPart, Format, FoundSet } from './format.ts'

/**
 * The binary files of CIFAR-10 and CIFAR-100 (Krizhevsky 2009): records of one or two bytes of labels and 3 x 32 x 32 of
 * pixels, channel by channel.
 */
interface Kind {
  set: string
  train: RegExp
  test: RegExp
  labels: number
  names: string
}
const kinds: Kind[] = [
  { set: 'cifar-10', train: /^data_batch_\d+\.bin$/i, test: /^test_batch\.bin$/i, labels: 1, names: 'batches.meta.txt' },
  { set: 'cifar-100', train: /^train\.bin$/i, test: /^test\.bin$/i, labels: 2, names: 'fine_label_names.txt' },
]
const pixels = 3 * 32 * 32
const longestNames = 2 ** 16

/** The same data as Python objects: they are named, and refused. */
const pickled = /^(data_batch_\d+|test_batch|batches\.meta)$|\.(pkl|pickle)$/i
const isPickle = (start: Buffer): boolean => start[0] === 0x80 && start[1]! >= 2 && start[1]! <= 5

const cifar: Format = {
  name: 'cifar',
  title: 'CIFAR’s binary files',
  named: /^(data_batch_\d+|test_batch)\.bin$|\.(pkl|pickle)$/i,
  offered: /^(data_batch_1|train)\.bin$/i,
  recognise: (path, start) => isPickle(start) || kindOf(path) !== null,
  inFolder: cifarSets,
  async open(path, alone, choice = {}) {
    refuseSet(path, choice)
    const kind = kindOf(path)
    if (kind === null) throw objects(path)
    const folder = dirname(path),
      names = (await readdir(folder)).sort(),
      fileName = basename(path)
    const filesOf = (pattern: RegExp) => names.filter((name) => pattern.test(name)).map((name) => join(folder, name))
    const train = alone || kind.test.test(fileName) ? [path] : filesOf(kind.train),
      test = alone || kind.test.test(fileName) ? [] : filesOf(kind.test)
    const parts: ArrayPart[] = [{ part: trainPart, ...arraysOf(train, kind) }]
    if (test.length > 0) parts.push({ part: testPart, ...arraysOf(test, kind) })
    const classNames = await namesIn(join(folder, kind.names))
    const notes =
      kind.labels === 2
        ? [
            {
              code: 'labelsChosen',
              message: 'Each image has two labels; the fine one of 100 classes is taken, not the coarse one.',
            },
          ]
        : []
    return { parts, unused: [], notes, ...(classNames && { classNames }) }
  },
}
export default cifar

function kindOf(path: string): Kind | null {
  const name = basename(path),
    kind = kinds.find(({ train, test }) => train.test(name) || test.test(name))
  if (!kind || !isFileBeside(path)) return null
  const { size } = statSync(path)
  // A train.bin may be anything.
  return kind.labels === 1 || (size % (kind.labels + pixels) === 0 && size > 0) ? kind : null
}

async function cifarSets(folder: string, names: readonly string[]): Promise<FoundSet[]> {
  const found: FoundSet[] = []
  for (const { set, train, test } of kinds) {
    const name = names.filter((each) => train.test(each)).sort()[0] ?? names.find((each) => test.test(each))
    if (name !== undefined && kindOf(join(folder, name)) !== null) found.push({ set, file: join(folder, name) })
  }
  const python = names
    .filter((name) => /^(data_batch_\d+|test_batch)$/.test(name) || (name === 'train' && names.includes('meta')))
    .sort()[0]
  if (found.length > 0 || python === undefined) return found
  const file = join(folder, python)
  if ((await isFile(file)) && isPickle(await readAt(file, 0, 2))) found.push({ set: 'cifar-python', file })
  return found
}

function objects(path: string) {
  const cause = 'is a pickle of Python objects, which is never unpacked because it can run programs'
  return unsupportedFile(
    path,
    (pickled.test(basename(path)) && !/\.(pkl|pickle)$/i.test(path)) || basename(path) === 'train'
      ? `${cause}; take the binary version of CIFAR (cifar-10-binary.tar.gz), or save its arrays with numpy.savez.`
      : `${cause}; save its arrays with numpy.savez.`,
  )
}

/** Files that follow one another as one array of images and one of labels. */
function arraysOf(files: readonly string[], { labels }: Kind): { images: StoredArray; labels: StoredArray } {
  const record = labels + pixels,
    counts = files.map((file) => statSync(file).size / record)
  const odd = counts.findIndex((count) => !Number.isInteger(count) || count === 0)
  if (odd >= 0) throw damagedFile(files[odd]!, `its records have ${record} bytes, and it has ${statSync(files[odd]!).size}`)
  const count = counts.reduce((sum, n) => sum + n, 0),
    [file] = files as [string]
  async function* piecesOf(from: number, to: number): AsyncGenerator<Buffer> {
    for (const [i, each] of files.entries()) {
      for await (const block of inBlocks(readPieces(each, 0, Infinity), counts[i]! * record, record * 256, each)) {
        const rows = block.length / record,
          out = Buffer.allocUnsafe(rows * (to - from))
        for (let row = 0; row < rows; row++) block.copy(out, row * (to - from), row * record + from, row * record + to)
        yield out
      }
    }
  }
  const common = {
    file,
    name: files.length === 1 ? basename(file) : `${basename(file)} to ${basename(files.at(-1)!)}`,
    type: 'u1' as const,
    bigEndian: false,
  }
  return {
    images: { ...common, shape: [count, 3, 32, 32], layout: 'CHW', pieces: () => piecesOf(labels, record) },
    labels: { ...common, shape: [count], pieces: () => piecesOf(labels - 1, labels) },
  }
}

/** Names of classes, one a line; null where there is no such file. */
async function namesIn(file: string): Promise<ReadonlyMap<number, string> | null> {
  if (!isFileBeside(file)) return null
  const lines = (await readAt(file, 0, longestNames))
    .toString('utf8')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return new Map(lines.map((line, number) => [number, line]))
}
