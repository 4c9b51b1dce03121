import fs from 'node:fs'
import { resolve } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import type { Answer, Hdf5Dataset, Listing, Question } from './messages.ts'

/**
 * A thread that reads one HDF5 file by h5wasm: the library may run for ever or give up on a file that lies, and then the thread can be
 * ended. It opens no other file, whatever links the file holds, and its memory is bounded.
 */
const file = resolve((workerData as { file: string }).file)

const mostMemory = 768 * 2 ** 20
const mostDatasets = 2000
const mostLevels = 16

/** Every open of the library goes through this thread's own `fs`. */
let loaded = false
const openAny = fs.openSync
fs.openSync = ((path: fs.PathLike, flags?: fs.OpenMode, mode?: fs.Mode) => {
  if (loaded && resolve(String(path)) !== file)
    throw Object.assign(new Error('ENOENT: another file'), { code: 'ENOENT', errno: -2 })
  return openAny(path, loaded ? 'r' : (flags ?? 'r'), mode)
}) as typeof fs.openSync

/** What the library last wrote of an error, which it does to the process's standard error; that is not for users. */
let written = ''
const writeAny = fs.writeSync as (...args: unknown[]) => number
fs.writeSync = ((...args: unknown[]) => {
  const [to, bytes, offset, length] = args
  if (to !== 2 || !ArrayBuffer.isView(bytes)) return writeAny(...args)
  written = (
    written +
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8', Number(offset), Number(offset) + Number(length))
  ).slice(-4000)
  return Number(length)
}) as typeof fs.writeSync

interface Memory {
  buffer: ArrayBuffer
  grow(pages: number): number
}
const memory = (globalThis as unknown as { WebAssembly: { Memory: { prototype: Memory } } }).WebAssembly.Memory.prototype,
  { grow } = memory
memory.grow = function (pages: number) {
  if (this.buffer.byteLength + pages * 65_536 > mostMemory) throw new RangeError('the file needs too much memory')
  return grow.call(this, pages)
}

const h5wasm = await import('h5wasm/node')
const module = await h5wasm.ready
loaded = true
const open = new h5wasm.File(file, 'r')
if (open.file_id < 0n) throw new Error('its beginning is damaged, or it ends early')
// What goes wrong from now on is thrown, where it would else be the answer of some function or other.
module.activate_throwing_error_handler()

const { H5T_class_t: kinds } = module

function typeOf(meta: ReturnType<typeof module.get_dataset_metadata>, filters: readonly number[]): Hdf5Dataset['type'] {
  const { type, size, signed, vlen } = meta
  const strange = filters.find((id) => !knownFilters.has(id))
  if (meta.virtual_sources !== undefined) return { unread: 'lies in other places (a virtual dataset); copy it into one of its own' }
  if (strange !== undefined)
    return { unread: `is compressed by ${filterNames.get(strange) ?? `filter ${strange}`}; repack it with h5repack -f GZIP=4` }
  if (type === kinds.H5T_STRING.value) return { text: vlen ? 'variable' : size }
  if (type === kinds.H5T_INTEGER.value && [1, 2, 4, 8].includes(size)) return { number: `${signed ? 'i' : 'u'}${size}` }
  if (type === kinds.H5T_FLOAT.value && [2, 4, 8].includes(size)) return { number: `f${size}` }
  if (type === kinds.H5T_BITFIELD.value && size === 1) return { number: 'b1' }
  if (type === kinds.H5T_ENUM.value && [1, 2, 4, 8].includes(size)) {
    const names = Object.keys(meta.enum_type?.members ?? {})
      .sort()
      .join()
    return { number: size === 1 && names === 'FALSE,TRUE' ? 'b1' : `u${size}` }
  }
  const named =
    type === kinds.H5T_REFERENCE.value
      ? 'references to other objects (such as cells of MATLAB)'
      : 'values of a kind that is not read'
  return { unread: `holds ${named}; save it as an array of numbers, and texts as strings` }
}

/** Those that come with HDF5: deflate, shuffle, Fletcher's checksum, n-bit, scale and offset. */
const knownFilters = new Set([1, 2, 3, 5, 6])
const filterNames = new Map([
  [4, 'szip'],
  [307, 'bzip2'],
  [32000, 'LZF'],
  [32001, 'Blosc'],
  [32004, 'LZ4'],
  [32008, 'bitshuffle'],
  [32015, 'Zstandard'],
])

/** What lies at a path; null where a symbolic link leads nowhere, or to itself. */
function kindAt(path: string): number | null {
  try {
    const kind = module.get_type(open.file_id, path)
    return kind === module.H5G_LINK ? null : kind
  } catch (error) {
    if (module.get_symbolic_link(open.file_id, path) === null) throw error
    return null
  }
}

function list(): Listing {
  const listing: Listing = { datasets: [], external: [], lost: [], truncated: false },
    /** Where the groups lie that were entered: by its names, one may lie within itself. */
    entered = new Set<string>()
  const placeOf = (path: string) => Buffer.from(module.create_object_reference(open.file_id, path)).toString('hex')
  const walk = (group: InstanceType<typeof h5wasm.Group>, prefix: string, level: number): void => {
    const place = placeOf(group.path)
    if (entered.has(place)) return
    entered.add(place)
    for (const name of group.keys()) {
      if (listing.datasets.length >= mostDatasets) {
        listing.truncated = true
        return
      }
      const path = prefix + name,
        type = kindAt(`/${path}`)
      if (type === null) listing.lost.push(path)
      else if (type === module.H5G_UDLINK) listing.external.push(path)
      else if (type === module.H5G_DATASET) listing.datasets.push(describe(path))
      // MATLAB and others keep what they refer to in groups of this kind.
      // What a symbolic link leads to is listed where it lies.
      else if (type === module.H5G_GROUP && level < mostLevels && !name.startsWith('#') && group.get_link(`/${path}`) === null)
        walk(group.get(name) as InstanceType<typeof h5wasm.Group>, `${path}/`, level + 1)
    }
  }
  walk(open, '', 0)
  return listing
}

function describe(path: string): Hdf5Dataset {
  const meta = module.get_dataset_metadata(open.file_id, `/${path}`)
  const filters = module.get_dataset_filters(open.file_id, `/${path}`).map(({ id }: { id: number }) => id)
  return { path, shape: [...(meta.shape ?? [])], chunks: meta.chunks && [...meta.chunks], type: typeOf(meta, filters) }
}

function read(path: string, offset: number[], count: number[]): Answer {
  const meta = module.get_dataset_metadata(open.file_id, `/${path}`)
  if (meta.vlen) {
    const ranges = offset.map((from, axis): [number, number] => [from, from + count[axis]!])
    return { type: 'texts', texts: (open.get(`/${path}`) as InstanceType<typeof h5wasm.Dataset>).slice(ranges) as string[] }
  }
  const size = meta.size * count.reduce((product, n) => product * n, 1),
    place = module._malloc(size)
  if (place === 0) throw new Error('the file needs too much memory')
  try {
    const strides = count.map(() => 1n)
    try {
      module.get_dataset_data(open.file_id, `/${path}`, count.map(BigInt), offset.map(BigInt), strides, BigInt(place))
    } catch (cause) {
      written = ''
      throw new Error(`${path} cannot be read: its values are damaged, or lie in another file`, { cause })
    }
    return { type: 'bytes', bytes: module.HEAPU8.slice(place, place + size).buffer as ArrayBuffer }
  } finally {
    module._free(place)
  }
}

/** Of the library's stack of errors the innermost, which is the cause. */
const said = (message: string): string =>
  `${written}${message}`
    .match(/\(\): .*/g)
    ?.at(-1)
    ?.slice(4) ?? message

parentPort!.on('message', (question: Question) => {
  let answer: Answer
  written = ''
  try {
    answer = question.type === 'list' ? { type: 'listing', listing: list() } : read(question.path, question.offset, question.count)
  } catch (thrown) {
    answer = { type: 'unreadable', message: said(thrown instanceof Error ? thrown.message : String(thrown)) }
  }
  parentPort!.postMessage(answer, answer.type === 'bytes' ? [answer.bytes] : [])
})
