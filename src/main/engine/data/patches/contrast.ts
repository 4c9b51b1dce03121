import { closeSync, openSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { WorkbenchError } from '../../../../shared/errors.ts'
import { readAll, writeAll } from '../../files/durable.ts'
import type { ProgressReporter } from '../progress.ts'
import { hashBytes, hashRows } from '../row-hash.ts'

interface Rows {
  path: string
  count: number
  rowBytes: number
  progress: ProgressReporter
  signal?: AbortSignal | undefined
}

const blockBytes = 2 ** 20

/** Goes through a packed file of bytes block by block; what `visit` changes is written back where it says so. */
async function eachBlock(
  { path, count, rowBytes, progress, signal }: Rows,
  stage: string,
  visit: (block: Buffer, rows: number, first: number) => boolean,
): Promise<void> {
  const perBlock = Math.max(1, Math.floor(blockBytes / rowBytes)),
    buffer = Buffer.allocUnsafeSlow(Math.min(perBlock, count) * rowBytes)
  const file = openSync(path, 'r+')
  try {
    for (let first = 0; first < count; first += perBlock) {
      signal?.throwIfAborted()
      const rows = Math.min(perBlock, count - first),
        block = buffer.subarray(0, rows * rowBytes),
        at = first * rowBytes
      if (!readAll(file, block, at)) throw new Error(`${path} ends early`)
      if (visit(block, rows, first)) writeAll(file, block, at)
      progress.update(stage, first + rows, count, 'patches')
      await setImmediate()
    }
  } finally {
    closeSync(file)
  }
}

/** Hashes of all rows. */
export async function hashPatches(rows: Rows): Promise<Uint8Array> {
  const hashes = new Uint8Array(rows.count * hashBytes)
  await eachBlock(rows, 'Comparing patches', (block, count, first) => {
    hashRows(block, rows.rowBytes, count, hashes, first * hashBytes)
    return false
  })
  return hashes
}

/**
 * The preprocessing of Ng's sparse autoencoder (CS294A lecture notes and the exercise of UFLDL), in place. Of each patch its mean is
 * subtracted (over all its values: in colour, over the channels together). s is the standard deviation of all values of all
 * patches after that, training and test together, with the divisor N - 1 (their mean is 0). Values are truncated to [-3s, 3s] and
 * squashed to
 *
 *   y = 0.4 (max(-1, min(1, (x - mean) / 3s)) + 1) + 0.1, which lies in [0.1, 0.9]
 *
 * and 255 y, rounded, is what is stored. (With uint8 pixels a user of the dataset sees y to within half a level, 0.002.)
 * @returns 3s, in levels
 * @throws WorkbenchError CALL_INVALID when every patch is flat, so that s is 0
 */
export async function normalisePatches(rows: Rows): Promise<number> {
  const { count, rowBytes } = rows
  let squares = 0
  await eachBlock(rows, 'Measuring contrast', (block, inBlock) => {
    for (let row = 0; row < inBlock; row++) {
      let sum = 0,
        squared = 0
      for (let i = row * rowBytes; i < (row + 1) * rowBytes; i++) {
        const value = block[i]!
        sum += value
        squared += value * value
      }
      squares += squared - (sum * sum) / rowBytes
    }
    return false
  })
  const limit = 3 * Math.sqrt(squares / Math.max(1, count * rowBytes - 1))
  if (!(limit > 0)) {
    throw new WorkbenchError(
      'CALL_INVALID',
      'Every patch is of one brightness, so there is no contrast to normalise; ' +
        'choose larger patches or other images, or leave the contrast as it is.',
      { field: 'contrast' },
    )
  }
  await eachBlock(rows, 'Normalising', (block, inBlock) => {
    for (let row = 0; row < inBlock; row++) {
      let sum = 0
      for (let i = row * rowBytes; i < (row + 1) * rowBytes; i++) sum += block[i]!
      const mean = sum / rowBytes
      for (let i = row * rowBytes; i < (row + 1) * rowBytes; i++) {
        const scaled = Math.max(-1, Math.min(1, (block[i]! - mean) / limit))
        block[i] = Math.round(255 * (0.4 * (scaled + 1) + 0.1))
      }
    }
    return true
  })
  return limit
}
