import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32, deflateSync } from 'node:zlib'
import { mnistFolder } from '../mnist.ts'
import { runWatched } from './peak.ts'

const counts = [600, 60_000]
const rounds = 5
const beside = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!

/** A gray PNG without filters. */
function png(pixels: Uint8Array, width: number, height: number): Buffer {
  const chunk = (name: string, content: Buffer) => {
    const out = Buffer.alloc(12 + content.length)
    out.writeUInt32BE(content.length)
    out.write(name, 4)
    content.copy(out, 8)
    out.writeUInt32BE(crc32(out.subarray(4, 8 + content.length)), 8 + content.length)
    return out
  }
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0]), lines = Buffer.alloc((width + 1) * height)
  header.writeUInt32BE(width)
  header.writeUInt32BE(height, 4)
  for (let y = 0; y < height; y++) lines.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1)
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header), chunk('IDAT', deflateSync(lines)), chunk('IEND', Buffer.alloc(0))])
}

/** MNIST's digits as PNG files in ten folders. */
function writeDigits(folder: string, count: number): void {
  const pixels = readFileSync(join(mnistFolder, 'train-images-idx3-ubyte')).subarray(16), labels = readFileSync(join(mnistFolder, 'train-labels-idx1-ubyte')).subarray(8)
  for (let label = 0; label < 10; label++) mkdirSync(join(folder, `${label}`), { recursive: true })
  for (let i = 0; i < count; i++) writeFileSync(join(folder, `${labels[i]}`, `${i}.png`), png(pixels.subarray(i * 784, (i + 1) * 784), 28, 28))
}

/**
 * `npm run bench -- import`: packs 600 and 60,000 PNGs of 28x28, by the import and by a Pillow loop on all cores, in turn.
 * Both times include the start of their worker processes; the files are in the page cache for both.
 */
export async function importCommand(): Promise<void> {
  const python = process.env['PYTHON'] ?? 'python3'
  const pillow = spawnSync(python, ['-c', 'import PIL; print(PIL.__version__)'], { encoding: 'utf8' })
  const version = pillow.status === 0 ? pillow.stdout.trim() : null
  if (version === null) console.error(`Pillow is missing in ${python}: its rows are left out (set PYTHON to one that has it).`)
  const work = mkdtempSync(join(tmpdir(), 'bench-import-'))
  try {
    const results: { who: string; count: number; seconds: number[]; peaks: (number | null)[] }[] = []
    for (const count of counts) {
      writeDigits(join(work, `${count}`), count)
      for (const who of version === null ? ['import'] : ['import', 'pillow']) results.push({ who, count, seconds: [], peaks: [] })
    }
    for (let round = 0; round < rounds; round++) {
      for (const result of results) {
        const out = join(work, 'out'), from = join(work, `${result.count}`)
        const { seconds, peakBytes } = result.who === 'import' ? await runWatched(process.execPath, [beside('once.ts'), from, out]) : await runWatched(python, [beside('pillow.py'), from, out])
        rmSync(out, { recursive: true, force: true })
        result.seconds.push(seconds)
        result.peaks.push(peakBytes)
      }
    }
    const rows = results.map(({ who, count, seconds, peaks }) => ({
      who, images: count, seconds: Number(median(seconds).toFixed(2)), range: `${Math.min(...seconds).toFixed(2)} to ${Math.max(...seconds).toFixed(2)}`,
      imagesPerSecond: Math.round(count / median(seconds)), peakMB: peaks.includes(null) ? null : Math.round(median(peaks as number[]) / 2 ** 20),
    }))
    const table = [
      '# What an import costs', '',
      `Gray PNGs of 28x28 in ten folders, packed by the import and by a loop around Pillow ${version ?? '(missing here)'} on all cores; ${rounds} rounds in turn, each in processes of its own`,
      `(${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, ${new Date().toISOString().slice(0, 10)}). Times include the start of the worker processes; memory is the highest sum of resident`,
      'bytes of all processes, shared pages counted in each. The import also finds duplicates, draws the test split, takes a fingerprint and syncs to the disk.', '',
      '| | images | seconds (median) | range | images/s | peak MB |', '|---|---|---|---|---|---|',
      ...rows.map((row) => `| ${row.who} | ${row.images} | ${row.seconds} | ${row.range} | ${row.imagesPerSecond} | ${row.peakMB ?? '?'} |`), '',
    ].join('\n')
    console.log(table)
    writeFileSync(beside('../import.md'), table)
    console.log(JSON.stringify({ cores: availableParallelism(), rounds, rows }))
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
