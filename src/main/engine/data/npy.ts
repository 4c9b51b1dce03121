import { damagedFile, skipBytes, unsupportedFile } from './byte-stream.ts'
import { countLast } from './array-views.ts'
import { itemBytes, numberTypes, valuesOf, type NumberType, type StoredArray } from './numbers.ts'

/** An array of strings (`U`: UTF-32, `S`: bytes), for class names. */
export interface StoredStrings extends Omit<StoredArray, 'type'> {
  type: 'U' | 'S'
  characters: number
}
export type NpzArray = StoredArray | StoredStrings

/** The bytes of an npy file, wherever they lie. */
interface NpyBytes {
  file: string
  /** What the array is called to a reader, e.g. `digits.npz/x_train`. */
  name: string
  size: number
  pieces(): AsyncIterable<Buffer>
}

/** NumPy itself reads no header of more than 10,000 characters unless it is told to. */
const longestHeader = 65_535 + 12
const longestText = 4096

/**
 * Opens an array without reading its values (NumPy's NEP 1, versions 1 to 3: `\x93NUMPY`, version, length, a Python dictionary as text).
 * An array in Fortran order comes out in C order.
 * @throws WorkbenchError FILE_DAMAGED, FILE_UNSUPPORTED
 */
export async function openNpy(bytes: NpyBytes): Promise<NpzArray> {
  const { file, name } = bytes,
    { text, start } = await readHeader(bytes)
  const description = /'descr':\s*'([<>|=]?)([a-zA-Z])(\d*)'/.exec(text),
    dimensions = /'shape':\s*\(([\d,\sL]*)\)/.exec(text)
  const order = /'fortran_order':\s*(True|False)/.exec(text)
  if (!dimensions || !order) throw damagedFile(file, `the header of ${name} cannot be read`)
  const letter = description?.[2] ?? '',
    number = `${letter}${description?.[3] ?? ''}`
  if (letter === 'O') throw objects(file, name)
  const shape = dimensions[1]!
    .split(',')
    .map((part) => part.trim().replace('L', ''))
    .filter((part) => part !== '')
    .map(Number)
  const strings = letter === 'U' || letter === 'S'
  if (!strings && !(numberTypes as readonly string[]).includes(number)) {
    throw unsupportedFile(file, `holds ${name} with values of a kind that is not read; save it as uint8 or float32.`)
  }
  const characters = Number(description?.[3] ?? 0),
    itemSize = strings ? characters * (letter === 'U' ? 4 : 1) : itemBytes(number as NumberType)
  const expected = valuesOf(shape) * itemSize
  if (start + expected !== bytes.size) {
    throw damagedFile(file, `${name} has ${Math.max(0, bytes.size - start)} bytes of data instead of ${expected}`)
  }
  if (strings && characters > longestText)
    throw unsupportedFile(file, `holds texts of ${characters} characters in ${name}; ${longestText} are possible.`)
  const fortran = order[1] === 'True' && shape.filter((n) => n > 1).length > 1
  const common = { file, name, shape, bigEndian: description?.[1] === '>', pieces: () => skipBytes(bytes.pieces(), start) }
  if (!strings) {
    const array = { ...common, type: number as NumberType }
    return fortran ? countLast({ ...array, shape: shape.toReversed() }, 'reversed') : array
  }
  if (fortran) throw unsupportedFile(file, `holds texts in Fortran order in ${name}; save numpy.ascontiguousarray of it.`)
  return { ...common, type: letter, characters }
}

const objects = (file: string, name: string) =>
  unsupportedFile(
    file,
    `holds Python objects in ${name}, which are never unpacked because they can run ` +
      'programs; save texts with astype(str), and images of one size with numpy.stack.',
  )

async function readHeader({ file, name, pieces }: NpyBytes): Promise<{ text: string; start: number }> {
  const read: Buffer[] = []
  let size = 0,
    start = 0
  for await (const piece of pieces()) {
    read.push(piece)
    size += piece.length
    if (size < 12) continue
    start = dataStart(Buffer.concat(read), file, name)
    if (size >= start) break
  }
  if (size < 12 || size < start) throw damagedFile(file, `${name} is truncated within its header`)
  const bytes = Buffer.concat(read)
  return { text: bytes.toString('latin1', bytes[6] === 1 ? 10 : 12, start), start }
}

function dataStart(bytes: Buffer, file: string, name: string): number {
  if (bytes.toString('latin1', 0, 6) !== '\x93NUMPY') throw damagedFile(file, `${name} is not a NumPy array`)
  if (bytes[6]! < 1 || bytes[6]! > 3)
    throw unsupportedFile(file, `holds ${name} in version ${bytes[6]} of NumPy's format; 1 to 3 are read.`)
  const start = bytes[6] === 1 ? 10 + bytes.readUInt16LE(8) : 12 + bytes.readUInt32LE(8)
  if (start > longestHeader)
    throw damagedFile(file, `the header of ${name} is said to have ${start} bytes, and an array needs less than 65,536`)
  return start
}
