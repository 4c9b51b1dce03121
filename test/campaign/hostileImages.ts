import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Dataset, Skipped } from '../../src/shared/domain.ts'
import { random, type Random } from '../../src/main/engine/data/random.ts'
import { childrenOf, startEngineChild, type EngineChild } from '../fixtures/engineChild.ts'
import { writeIdx } from '../fixtures/idx.ts'
import { peakMemory } from '../fixtures/memory.ts'
import { npy, zip } from '../fixtures/npz.ts'
import { exact, formats, mutated, picture, pixelsOf, size } from './imageMutations.ts'
import type { CampaignOptions } from './kills.ts'
import { requireWhole } from './whole.ts'

export interface ImageCounts {
  files: number
  read: number
  skipped: number
  arrays: number
  refusedArrays: number
  sound: number
  engineMB: number
  decoderMB: number
}

/** Mutated files in one folder, beside as many sound ones as it takes for a dataset. */
const perFolder = 500
const soundFiles = 40
/** Of those mutated, one in so many is a file of arrays, imported by itself. */
const arraysOneIn = 20
/** What the engine, and a process that decodes, may have resident at most, in MB. A picture of 40 megapixels is decoded whole. */
const most = { engine: 1500, decoder: 2500 }

/**
 * Imports images that were made wrong, beside sound ones, by the real import of an engine in its own process. The engine lives;
 * every file is read or skipped with a reason; every sound one is read, with the pixels that it has; memory is bounded; nothing
 * is left when a dataset is removed.
 * @param options.rounds files that are made wrong
 */
export async function runHostileImages({ seed, rounds, folder, log = () => {} }: CampaignOptions): Promise<ImageCounts> {
  const draw = random('images', seed)
  const home = join(folder, 'home'),
    place = join(folder, 'in')
  const counts: ImageCounts = { files: 0, read: 0, skipped: 0, arrays: 0, refusedArrays: 0, sound: 0, engineMB: 0, decoderMB: 0 }
  const engine = await startEngineChild(home)
  const stopWatching = engine.onEvent(() => {
    for (const pid of childrenOf(engine.pid)) counts.decoderMB = Math.max(counts.decoderMB, peakOf(pid))
  })
  const alive = engine.gone.then(() => {
    throw new Error(`the engine ended after ${counts.files} files (seed ${seed})`)
  })
  alive.catch(() => {})
  const within = <T>(work: Promise<T>): Promise<T> => Promise.race([work, alive])
  try {
    // What was there before is there afterwards.
    assert.equal(
      (await engine.taskOver((await engine.call('datasets.import', { path: 'moons', name: 'moons', count: 60 })).task)).error,
      null,
    )
    const { datasets: before } = await engine.call('datasets.list', {})
    while (counts.files < rounds) {
      rmSync(place, { recursive: true, force: true })
      mkdirSync(place, { recursive: true })
      const wanted = Math.min(perFolder, rounds - counts.files)
      for (let index = 0; index < Math.floor(wanted / arraysOneIn); index++) await within(importArrays(engine, draw, place, counts))
      await within(importFolder(engine, draw, join(place, 'images'), wanted - Math.floor(wanted / arraysOneIn), counts))
      counts.engineMB = Math.max(counts.engineMB, peakOf(engine.pid))
      assert.ok(counts.engineMB < most.engine && counts.decoderMB < most.decoder, `${JSON.stringify(counts)} (seed ${seed})`)
      assert.ok(await within(engine.call('engine.status', {})))
      log(`images: ${JSON.stringify(counts)}`)
    }
    stopWatching()
    assert.deepEqual((await engine.call('datasets.list', {})).datasets, before)
    await engine.stop()
    requireWhole(home)
  } finally {
    await engine.kill()
  }
  return counts
}

/** 0 of a process that has ended meanwhile. */
function peakOf(pid: number): number {
  try {
    return Math.round(peakMemory(pid))
  } catch {
    return 0
  }
}

async function importFolder(engine: EngineChild, draw: Random, folder: string, wrong: number, counts: ImageCounts): Promise<void> {
  mkdirSync(folder)
  const expected = new Map<string, Buffer>()
  for (let index = 0; index < soundFiles; index++) {
    const name = `sound${index}.${exact[index % exact.length]!}`
    writeFileSync(join(folder, name), await picture(exact[index % exact.length]!, 1000 + index))
    expected.set(name, pixelsOf(1000 + index))
  }
  const originals = await Promise.all(formats.map((format, index) => picture(format, index)))
  for (let index = 0; index < wrong; index++) {
    const which = draw.below(formats.length)
    writeFileSync(
      join(folder, `wrong${index}.${formats[draw.below(4) === 0 ? draw.below(formats.length) : which]!}`),
      mutated(draw, originals[which]!),
    )
  }
  counts.files += wrong
  const { task } = await engine.call('datasets.import', { path: folder, name: 'images', ...size, channels: 3 })
  const ended = await engine.taskOver(task)
  assert.equal(ended.error, null)
  const dataset = (await engine.call('datasets.list', {})).datasets.find(({ id }) => id === ended.result)!
  const { skipped } = await engine.call('datasets.skipped', { dataset: dataset.id })
  assert.equal(dataset.count + dataset.skippedCount, wrong + soundFiles, 'every file is read or skipped')
  requireReasons(skipped, dataset)
  counts.read += dataset.count - soundFiles
  counts.skipped += dataset.skippedCount
  for (let offset = 0; offset < dataset.count; offset += 500) {
    const { images, paths } = await engine.call('datasets.images', { dataset: dataset.id, offset, count: 500 })
    for (const [index, path] of paths.entries()) {
      const pixels = expected.get(path)
      if (pixels === undefined) continue
      expected.delete(path)
      counts.sound++
      assert.ok(
        pixels.equals(images.pixels.subarray(index * pixels.length, (index + 1) * pixels.length)),
        `${path} has other pixels`,
      )
    }
  }
  assert.deepEqual([...expected.keys()], [], 'sound files that were not read')
  await engine.call('datasets.remove', { dataset: dataset.id })
}

/** Each is named once, with why. */
function requireReasons(skipped: readonly Skipped[], { skippedCount }: Dataset): void {
  assert.ok(skipped.length > 0 || skippedCount === 0)
  assert.deepEqual(
    skipped.filter(({ path, reason }) => path === '' || !/\w{3}/.test(reason) || /\n {4}at /.test(reason)),
    [],
  )
  assert.deepEqual(
    skipped.filter(({ path }) => path.startsWith('sound')),
    [],
  )
}

/** A file of arrays is read whole or refused with a code of its own. */
async function importArrays(engine: EngineChild, draw: Random, place: string, counts: ImageCounts): Promise<void> {
  const folder = join(place, 'arrays')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  const pixels = Buffer.from(Array.from({ length: 30 * 64 }, (_, index) => (index * 31 + (index >> 6)) % 256)),
    labels = Buffer.from(Array.from({ length: 30 }, (_, index) => index % 3))
  let path: string
  if (draw.below(2) === 0) {
    path = writeIdx(folder, pixels, 8, labels)
    const wrong = draw.below(2) === 0 ? path : join(folder, 'train-labels-idx1-ubyte')
    writeFileSync(wrong, mutated(draw, readFileSync(wrong)))
  } else {
    path = join(folder, 'arrays.npz')
    const members = { 'images.npy': npy('|u1', [30, 8, 8], pixels), 'labels.npy': npy('|u1', [30], labels) }
    const inside = draw.below(2) === 0
    if (inside) members['images.npy'] = mutated(draw, members['images.npy'])
    const whole = zip(members, draw.below(2) === 0)
    writeFileSync(path, inside ? whole : mutated(draw, whole))
  }
  counts.files++
  counts.arrays++
  const { error, result } = await engine.taskOver((await engine.call('datasets.import', { path, name: 'arrays' })).task)
  if (error === null) return void (await engine.call('datasets.remove', { dataset: result! }))
  assert.notEqual(error.code, 'INTERNAL', error.message)
  counts.refusedArrays++
}
