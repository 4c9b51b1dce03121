import assert from 'node:assert/strict'
import { cpSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { random, type Random } from '../../src/main/engine/data/random.ts'
import { checkIntegrity } from '../../src/main/engine/doctor/integrity.ts'
import { homeAt } from '../../src/main/engine/home.ts'
import { writeDigitFolder } from '../fixtures/digitFolder.ts'
import { startEngineChild, type EngineChild } from '../fixtures/engineChild.ts'
import { createEngine, type Engine } from '../../src/main/engine/engine.ts'
import type { Client } from '../../src/shared/connection.ts'
import type { CampaignOptions } from './kills.ts'

export interface RotCounts {
  rounds: number
  flips: number
  cuts: number
  gone: number
  swaps: number
  noticed: number
  used: number
  repaired: number
}

/** Files of a home that carry checksums, or whose loss is seen. */
const covered = /^(datasets\/[^/]+\/[a-z]+\.(bin|json)|runs\/[^/]+\/checkpoints\/.*\.safetensors)$/

/**
 * Damages one random file of a home with a dataset and two runs, again and again: a flipped bit, a cut, a loss, the file of
 * another run. Each time `doctor --check` names the file, whoever uses it says it with a code (never INTERNAL), everything else
 * goes on, and a damaged dataset is repaired from its source.
 */
export async function runRot({ seed, rounds, folder, log = () => {} }: CampaignOptions): Promise<RotCounts> {
  const draw = random('rot', seed)
  const sound = join(folder, 'sound'),
    home = join(folder, 'home')
  const { dataset, runs } = await fill(sound, join(folder, 'images'))
  const counts: RotCounts = { rounds, flips: 0, cuts: 0, gone: 0, swaps: 0, noticed: 0, used: 0, repaired: 0 }
  const files = readdirSync(sound, { recursive: true, encoding: 'utf8' })
    .filter((name) => covered.test(name))
    .sort()
  for (let round = 0; round < rounds; round++) {
    rmSync(home, { recursive: true, force: true })
    cpSync(sound, home, { recursive: true })
    const file = files[draw.below(files.length)]!
    const how = damage(join(home, file), otherRunsFile(home, file, runs), draw, counts)
    const when = `${file}, ${how}, round ${round} of seed ${seed}`
    const engine = createEngine({ home, threads: 1 })
    try {
      await noticed(engine, file, when, counts)
      await used(engine, file, { dataset, runs }, when, counts)
      if (file.startsWith('datasets/') && round % 4 === 0) {
        await repaired(engine, dataset, when)
        counts.repaired++
      }
    } finally {
      await engine.close()
    }
    if (round % 20 === 19) log(`rot: ${round + 1} rounds`)
  }
  return counts
}

async function fill(home: string, images: string): Promise<{ dataset: string; runs: string[] }> {
  writeDigitFolder(images, 120)
  const engine: EngineChild = await startEngineChild(home)
  try {
    const { task } = await engine.call('datasets.import', { path: images, name: 'digits', width: 60, height: 60 })
    const { result } = await engine.taskOver(task)
    const runs: string[] = []
    for (const seed of [1, 2]) {
      const ended = engine.next((event) =>
        event.type === 'run' && event.run.state === 'completed' && event.run.seed === seed ? true : undefined,
      )
      const { run } = await engine.call('runs.create', {
        dataset: 'digits',
        variant: 'classical',
        seed,
        settings: { network: { layers: [8, 4] }, training: { epochs: 3, batchSize: 16, patience: 2 } },
      })
      await ended
      runs.push(run.id)
    }
    return { dataset: result!, runs }
  } finally {
    await engine.stop()
  }
}

/** The file of the same name of the other run; null for files of datasets. */
function otherRunsFile(home: string, file: string, runs: readonly string[]): string | null {
  const own = runs.find((run) => file.startsWith(`runs/${run}/`))
  return own === undefined
    ? null
    : join(
        home,
        file.replace(
          own,
          runs.find((run) => run !== own)!,
        ),
      )
}

function damage(path: string, other: string | null, draw: Random, counts: RotCounts): string {
  const { size } = statSync(path)
  switch (draw.below(other === null || !has(other) ? 5 : 6)) {
    case 0:
      counts.gone++
      rmSync(path)
      return 'gone'
    case 1: {
      counts.cuts++
      const left = draw.below(Math.max(1, size))
      truncateSync(path, left)
      return `cut to ${left} of ${size} bytes`
    }
    case 5:
      counts.swaps++
      cpSync(other!, path)
      return "the other run's"
    default: {
      counts.flips++
      const bytes = readFileSync(path),
        at = draw.below(size),
        bit = draw.below(8)
      bytes[at] = bytes[at]! ^ (1 << bit)
      writeFileSync(path, bytes)
      return `bit ${bit} of byte ${at} flipped`
    }
  }
}

const has = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined

async function noticed({ home, handle }: Engine, file: string, when: string, counts: RotCounts): Promise<void> {
  const call = handle as Client
  const known = { runs: (await call('runs.list', {})).runs, datasets: (await call('datasets.list', {})).datasets, embeddings: [] }
  const { findings } = await checkIntegrity(homeAt(home.folder), known)
  const id = file.split('/')[1]!
  assert.ok(
    findings.every((finding) => finding.id === id),
    `only what is damaged is named: ${JSON.stringify(findings)}, ${when}`,
  )
  // What is wholly gone of a run may be missed by nobody: snapshots are a choice.
  if (!(file.includes('/checkpoints/') && !has(join(home.folder, file)))) assert.equal(findings.length, 1, `it is noticed: ${when}`)
  counts.noticed += findings.length
}

/** What uses the file says so with a code; what does not, works. */
async function used(
  { handle }: Engine,
  file: string,
  { dataset, runs }: { dataset: string; runs: readonly string[] },
  when: string,
  counts: RotCounts,
): Promise<void> {
  const call = handle as Client
  const asked: Promise<unknown>[] = [
    call('datasets.images', { dataset, offset: 0, count: 120 }),
    call('datasets.skipped', { dataset }),
    call('storage.show', {}),
    call('runs.list', {}),
  ]
  for (const run of runs) asked.push(call('explore.open', { run }), call('runs.moments', { run }))
  for (const answer of await Promise.allSettled(asked)) {
    if (answer.status === 'fulfilled') continue
    counts.used++
    const { code, message } = answer.reason as { code: string; message: string }
    assert.ok(/DAMAGED|MISSING/.test(code), `${code}: ${message}, ${when}`)
  }
  const pixels = file.endsWith('pixels.bin')
  if (pixels)
    assert.equal(
      (await Promise.allSettled([call('datasets.images', { dataset, offset: 0, count: 120 })]))[0]!.status,
      'rejected',
      `damaged pixels are shown: ${when}`,
    )
}

async function repaired({ handle, subscribe }: Engine, dataset: string, when: string): Promise<void> {
  const call = handle as Client
  const over = Promise.withResolvers<{ state: string; error: { message: string } | null }>()
  const { task } = await call('datasets.repair', { dataset })
  const stop = subscribe((event) => {
    if (event.type === 'task' && event.task.id === task.id && ['done', 'failed', 'cancelled'].includes(event.task.state))
      over.resolve(event.task)
  })
  const now = (await call('tasks.show', { task: task.id })).task
  const ended = now.state === 'done' || now.state === 'failed' ? now : await over.promise
  stop()
  assert.equal(ended.state, 'done', `${ended.error?.message}, ${when}`)
  const { images } = await call('datasets.images', { dataset, offset: 0, count: 120 })
  assert.equal(images.count, 120, when)
}
