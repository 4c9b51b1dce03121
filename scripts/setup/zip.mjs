// A reader of plain zip files (Python wheels are such): the central directory, then single entries as streams, so that an entry of
// half a gigabyte never lies in memory. Encrypted and multi-volume files are refused; so are the 64-bit extensions, which no
// wheel here uses.
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, stat } from 'node:fs/promises'
import { dirname, isAbsolute } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createInflateRaw } from 'node:zlib'
import { SetupError } from './report.mjs'

const endSignature = 0x06054b50
const entrySignature = 0x02014b50
const localSignature = 0x04034b50
const endLength = 22
const longestComment = 65535

async function bytesAt(handle, position, length) {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}

const damaged = (file) => new SetupError(`The archive ${file} is damaged: delete it, then run the command again.`)

/**
 * The entries of a zip file, in the order of its directory.
 * @param {string} file
 * @returns {Promise<{name: string, method: number, packed: number, size: number, at: number}[]>} `at` is the offset of the local header
 * @throws {SetupError} when it is not a whole zip file of the supported kind
 */
export async function zipEntries(file) {
  const handle = await open(file)
  try {
    const { size } = await handle.stat()
    const tail = await bytesAt(handle, Math.max(0, size - endLength - longestComment), Math.min(size, endLength + longestComment))
    let end = tail.length - endLength
    while (end >= 0 && tail.readUInt32LE(end) !== endSignature) end--
    if (end < 0) throw damaged(file)
    const count = tail.readUInt16LE(end + 10)
    const length = tail.readUInt32LE(end + 12)
    const start = tail.readUInt32LE(end + 16)
    if (count === 0xffff || start === 0xffffffff || start + length > size) throw damaged(file)
    const directory = await bytesAt(handle, start, length)
    const entries = []
    for (let at = 0, i = 0; i < count; i++) {
      if (at + 46 > directory.length || directory.readUInt32LE(at) !== entrySignature) throw damaged(file)
      const nameLength = directory.readUInt16LE(at + 28)
      const entry = {
        name: directory.toString('utf8', at + 46, at + 46 + nameLength),
        method: directory.readUInt16LE(at + 10),
        packed: directory.readUInt32LE(at + 20),
        size: directory.readUInt32LE(at + 24),
        at: directory.readUInt32LE(at + 42),
      }
      if (directory.readUInt16LE(at + 8) & 1) throw damaged(file)
      entries.push(entry)
      at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32)
    }
    return entries
  } finally {
    await handle.close()
  }
}

/**
 * Writes one entry of a zip file to `target`, whose folder is made.
 * @throws {SetupError} when the entry is damaged, or its name would leave the folder it is unpacked into
 */
export async function unpackEntry(file, entry, target) {
  if (isAbsolute(entry.name) || entry.name.split(/[\\/]/).includes('..')) throw damaged(file)
  if (entry.method !== 0 && entry.method !== 8) throw damaged(file)
  const handle = await open(file)
  let start
  try {
    const header = await bytesAt(handle, entry.at, 30)
    if (header.length < 30 || header.readUInt32LE(0) !== localSignature) throw damaged(file)
    start = entry.at + 30 + header.readUInt16LE(26) + header.readUInt16LE(28)
  } finally {
    await handle.close()
  }
  await mkdir(dirname(target), { recursive: true })
  const output = createWriteStream(target)
  if (entry.packed === 0) {
    await new Promise((resolve, reject) => output.on('error', reject).end(resolve))
  } else {
    const input = createReadStream(file, { start, end: start + entry.packed - 1 })
    try {
      await (entry.method === 8 ? pipeline(input, createInflateRaw(), output) : pipeline(input, output))
    } catch (error) {
      throw String(error.code).startsWith('Z_') ? damaged(file) : error
    }
  }
  if ((await stat(target)).size !== entry.size) throw damaged(file)
}
