import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeDigits } from '../digitFiles.ts'
import { runWatched } from './peak.ts'

const counts = [600, 60_000]
const rounds = 5
const beside = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!

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
        const out = join(work, 'out'),
          from = join(work, `${result.count}`)
        const { seconds, peakBytes } =
          result.who === 'import'
            ? await runWatched(process.execPath, [beside('once.ts'), from, out])
            : await runWatched(python, [beside('pillow.py'), from, out])
        rmSync(out, { recursive: true, force: true })
        result.seconds.push(seconds)
        result.peaks.push(peakBytes)
      }
    }
    const rows = results.map(({ who, count, seconds, peaks }) => ({
      who,
      images: count,
      seconds: Number(median(seconds).toFixed(2)),
      range: `${Math.min(...seconds).toFixed(2)} to ${Math.max(...seconds).toFixed(2)}`,
      imagesPerSecond: Math.round(count / median(seconds)),
      peakMB: peaks.includes(null) ? null : Math.round(median(peaks as number[]) / 2 ** 20),
    }))
    const table = [
      '# What an import costs',
      '',
      'Gray PNGs of 28x28 in ten folders, packed by the import and by a loop around Pillow ' +
        `${version ?? '(missing here)'} on all cores; ${rounds} rounds in turn, each in processes of ` +
        'its own',
      `(${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, ` +
        `${new Date().toISOString().slice(0, 10)}). Times include the start of the worker processes; memory is the ` +
        'highest sum of resident',
      'bytes of all processes, shared pages counted in each. The import also finds ' +
        'duplicates, draws the test split, takes a fingerprint and syncs to the disk.',
      '',
      '| | images | seconds (median) | range | images/s | peak MB |',
      '|---|---|---|---|---|---|',
      ...rows.map(
        (row) => `| ${row.who} | ${row.images} | ${row.seconds} | ${row.range} | ${row.imagesPerSecond} | ${row.peakMB ?? '?'} |`,
      ),
      '',
    ].join('\n')
    console.log(table)
    writeFileSync(beside('../import.md'), table)
    console.log(JSON.stringify({ cores: availableParallelism(), rounds, rows }))
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
