import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { writeAll } from '../files/durable.ts'
import { decodeFile } from './decode-file.ts'
import type { Batch, Cut, FromDecoder, Handling, ToDecoder } from './decoding.ts'
import type { ImageSource } from './image-file.ts'
import { packRow, type Picture, type Shape } from './pixels.ts'
import { hashBytes, hashRows } from './row-hash.ts'
import type { Decoded } from './values/pictures.ts'
import type { Ranges } from './values/range.ts'
import { look, nothingSeen, type Seen } from './values/seen.ts'

/**
 * A decoder process: reads image files itself and writes their rows straight into the packed file, so that only names go
 * over the channel, and hashes come back. Ends when its channel closes.
 */
const tickMs = 100
let target: { file: number | null; shape: Shape; rowSize: number; handling: Handling } | undefined
let rows = Buffer.alloc(0)
let queue = Promise.resolve()

const send = (message: FromDecoder) => {
  if (process.connected) process.send!(message)
}

const sourceOf = ({ root, paths, places, bytes }: Batch, index: number): ImageSource =>
  bytes ? bytes[index]! : places ? places[index]! : join(root, paths[index]!)

/** Why a row is left out: an import comes back to it. */
const noRange = 'its values are wider than bytes, and no range is known that would become 0 to 255'

/** Loaded when values are counted, or become others: of ordinary images they are stored as they are. */
let counting: typeof import('./values/count.ts') | undefined
let pictures: typeof import('./values/pictures.ts') | undefined

async function pictureBy(decoded: Decoded, ranges: Ranges): Promise<Picture | null> {
  if ('picture' in decoded && ranges.bytes === null) return decoded.picture
  pictures ??= await import('./values/pictures.ts')
  return pictures.pictureBy(decoded, ranges)
}

/**
 * Decodes an image of a batch as the import wants it handled. @returns null where it was looked at only
 */
async function handle(batch: Batch, index: number, seen: Seen): Promise<{ picture: Picture } | { reason: string } | null> {
  const { task, ranges, pick, binnings } = target!.handling,
    decoded = await decodeFile(sourceOf(batch, index), pick)
  if ('reason' in decoded) return decoded
  if (task === 'count') {
    counting ??= await import('./values/count.ts')
    counting.count(seen, decoded, binnings!)
    return null
  }
  look(seen, decoded, task === 'measure')
  if (task === 'measure') return null
  const picture = await pictureBy(decoded, ranges)
  if (picture === null) seen.images.waiting++
  return picture && { picture }
}

async function decodeBatch(batch: Extract<ToDecoder, { type: 'batch' }>): Promise<void> {
  const { file, shape, rowSize } = target!
  if (rows.length < batch.paths.length * rowSize) rows = Buffer.allocUnsafeSlow(batch.paths.length * rowSize)
  const skipped: { index: number; reason: string }[] = [],
    seen = nothingSeen()
  let good = 0,
    reported = 0,
    last = performance.now()
  for (const index of batch.paths.keys()) {
    const result = await handle(batch, index, seen)
    if (result === null) {
      if (target!.handling.task === 'store') skipped.push({ index, reason: noRange })
    } else if ('reason' in result) {
      skipped.push({ index, reason: result.reason })
    } else {
      packRow(result.picture, shape, rows, good++ * rowSize)
    }
    const now = performance.now()
    if (now - last >= tickMs) {
      send({ type: 'tick', images: index + 1 - reported })
      reported = index + 1
      last = now
    }
  }
  const hashes = new Uint8Array(good * hashBytes)
  hashRows(rows, rowSize, good, hashes, 0)
  writeAll(file!, rows.subarray(0, good * rowSize), batch.start * rowSize)
  send({ type: 'batch', id: batch.id, images: batch.paths.length - reported, hashes, skipped, seen })
}

/** Patches go to the rows that their windows name; the hashes are those of the whole images. */
async function cutBatch(batch: Extract<ToDecoder, { type: 'batch' }>, cuts: readonly Cut[]): Promise<void> {
  const { cutWindows, flattened } = await import('./patches/cut.ts'),
    { file, shape } = target!
  const skipped: { index: number; reason: string }[] = [],
    hashes: Uint8Array[] = [],
    seen = nothingSeen()
  for (const index of batch.paths.keys()) {
    const { width, height, windows } = cuts[index]!,
      result = await handle(batch, index, seen)
    if (result === null) {
      skipped.push({ index, reason: noRange })
    } else if ('reason' in result) {
      skipped.push({ index, reason: result.reason })
    } else if (result.picture.width !== width || result.picture.height !== height) {
      skipped.push({
        index,
        reason: `damaged: its header promises ${width} x ${height} pixels, and it has ${result.picture.width} x ${result.picture.height}`,
      })
    } else {
      const { pixels, hash } = flattened(result.picture, shape.channels)
      cutWindows(pixels, width, shape, windows, 0, windows.length / 3, file!)
      hashes.push(hash)
    }
  }
  send({ type: 'batch', id: batch.id, images: batch.paths.length, hashes: Buffer.concat(hashes), skipped, seen })
}

process.on('message', (message: ToDecoder) => {
  if (message.type === 'open') {
    const { width, height, channels } = message.shape
    target = {
      file: message.pixels === null ? null : openSync(message.pixels, 'r+'),
      shape: message.shape,
      rowSize: width * height * channels,
      handling: message.handling,
    }
    send({ type: 'ready' })
    return
  }
  queue = queue
    .then(() => (message.cuts ? cutBatch(message, message.cuts) : decodeBatch(message)))
    .catch((error: unknown) => {
      const { code, message: text } = error as { code?: string; message?: string }
      send({ type: 'failed', code: code ?? 'INTERNAL', message: text ?? String(error) })
    })
})
process.on('disconnect', () => {
  if (target?.file) closeSync(target.file)
  process.exit(0)
})
