import { basename } from 'node:path'
import { damagedFile, skipBytes, unsupportedFile } from './byte-stream.ts'
import { itemBytes, numberTypes, valuesOf, type NumberType, type StoredArray } from './numbers.ts'
import { readZip, type ZipMember } from './zip.ts'

/** An array of strings (`U`: UTF-32, `S`: bytes), for class names. */
export interface StoredStrings extends Omit<StoredArray, 'type'> { type: 'U' | 'S'; characters: number }
export type NpzArray = StoredArray | StoredStrings

/**
 * Opens the arrays of an npz archive without reading their values (NumPy's NEP 1: `\x93NUMPY`, version, length, a Python
 * dictionary as text).
 * @throws WorkbenchError FILE_DAMAGED, FILE_UNSUPPORTED
 */
export async function readNpz(path: string): Promise<Map<string, () => Promise<NpzArray>>> {
  const members = (await readZip(path)).filter((member) => member.name.endsWith('.npy'))
  return new Map(members.map((member) => [member.name.slice(0, -4), () => openArray(path, member)]))
}

async function openArray(path: string, member: ZipMember): Promise<NpzArray> {
  const pieces: Buffer[] = []
  let size = 0
  const header = () => Buffer.concat(pieces)
  let start = 0
  for await (const piece of member.pieces()) {
    pieces.push(piece)
    size += piece.length
    if (size < 12) continue
    start = dataStart(header(), path, member.name)
    if (size >= start) break
  }
  if (size < 12 || size < start) throw damagedFile(path, `${member.name} is truncated within its header`)
  const text = header().toString('latin1', 10, start)
  const name = `${basename(path)}/${member.name.slice(0, -4)}`
  const description = /'descr':\s*'([<>|=]?)([a-zA-Z])(\d+)'/.exec(text), dimensions = /'shape':\s*\(([\d,\sL]*)\)/.exec(text), order = /'fortran_order':\s*(True|False)/.exec(text)
  if (!dimensions || !order) throw damagedFile(path, `the header of ${member.name} cannot be read`)
  const letter = description?.[2] ?? '', number = `${letter}${description?.[3] ?? ''}`
  const shape = dimensions[1]!.split(',').map((part) => part.trim().replace('L', '')).filter((part) => part !== '').map(Number)
  const strings = letter === 'U' || letter === 'S'
  if (!strings && !(numberTypes as readonly string[]).includes(number)) throw unsupportedFile(path, `holds ${name} with values of a kind that is not read; save it as uint8 or float32.`)
  if (order[1] === 'True' && shape.filter((n) => n > 1).length > 1) throw unsupportedFile(path, `holds ${name} in Fortran order; save numpy.ascontiguousarray of it.`)
  const characters = Number(description?.[3]), bytes = strings ? characters * (letter === 'U' ? 4 : 1) : itemBytes(number as NumberType)
  if (start + valuesOf(shape) * bytes !== member.size) throw damagedFile(path, `${member.name} has ${member.size - start} bytes of data instead of ${valuesOf(shape) * bytes}`)
  const common = { file: path, name, shape, bigEndian: description?.[1] === '>', pieces: () => skipBytes(member.pieces(), start) }
  return strings ? { ...common, type: letter, characters } : { ...common, type: number as NumberType }
}

function dataStart(bytes: Buffer, path: string, name: string): number {
  if (bytes.toString('latin1', 0, 6) !== '\x93NUMPY') throw damagedFile(path, `${name} is no NumPy array`)
  return bytes[6] === 1 ? 10 + bytes.readUInt16LE(8) : 12 + bytes.readUInt32LE(8)
}
