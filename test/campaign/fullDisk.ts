import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { random } from '../../src/main/engine/data/random.ts'
import { startEngineChild, type EngineChild } from '../fixtures/engineChild.ts'
import { fillDisk, freeDisk, onSmallDisk } from '../fixtures/smallDisk.ts'
import { compareWithQuiet, settingsOf, writeImages, type CampaignOptions, type Told } from './kills.ts'
import { requireWhole } from './whole.ts'

interface FullDiskCounts {
  rounds: number
  runs: number
  removed: number
  emptied: number
  starts: number
  refusedStarts: number
  tasks: number
  refused: number
  waited: number
}

const megabytes = 64
const variants = ['classical', 'denoising', 'variational'] as const

/**
 * Fills the disk of the home at a random moment of training, and frees it again at another. Nobody does anything about it, but
 * removes, empties, evaluates and kills: every run is completed, with the weights and curves of one on an empty disk, and all
 * that removes works.
 */
export const runFullDisk = ({ seed, rounds, folder }: CampaignOptions): Promise<FullDiskCounts> =>
  onSmallDisk(fileURLToPath(import.meta.url), join(folder, 'disk'), megabytes, [
    String(seed),
    String(rounds),
    folder,
  ]) as Promise<FullDiskCounts>

async function rounds(disk: string, seed: number, most: number, folder: string): Promise<FullDiskCounts> {
  const draw = random('full disk', seed)
  const home = join(disk, 'home')
  mkdirSync(home)
  const images = writeImages(join(folder, 'images'), 60)
  const told: Told = { runs: new Map(), datasets: new Set(), files: new Set(), experiments: new Set() }
  const counts: FullDiskCounts = {
    rounds: 0,
    runs: 0,
    removed: 0,
    emptied: 0,
    starts: 0,
    refusedStarts: 0,
    tasks: 0,
    refused: 0,
    waited: 0,
  }
  let engine = await startEngineChild(home)
  let lacks = false
  const watch = () =>
    engine.onEvent((event) => {
      if (event.type !== 'queue') return
      if (event.queue.waitsFor !== null && !lacks) counts.waited++
      lacks = event.queue.waitsFor !== null
    })
  try {
    const { task } = await engine.call('datasets.import', { path: images, name: 'base' })
    assert.equal((await engine.taskOver(task)).state, 'done')
    await engine.call('queue.settings', { trainers: 2 })
    watch()
    for (let round = 0; round < most; round++) {
      const { call } = engine
      for (let each = 0; each < 2; each++) {
        const variant = variants[draw.below(variants.length)]!,
          own = 100 * round + each
        const { run } = await call('runs.create', { dataset: 'base', variant, seed: own, settings: settingsOf(variant) })
        told.runs.set(run.id, { variant, seed: own })
      }
      await pause(draw.below(3000))
      await reserved(home)
      fillDisk(disk)
      await pause(draw.below(1000))
      const over = await act(draw.below(7))
      await pause(draw.below(1500))
      freeDisk(disk)
      await over?.()
      await completed(engine, told)
      counts.rounds++
    }
    counts.runs = told.runs.size + counts.removed
    await engine.call('storage.empty', {})
    await compareWithQuiet(engine, told, folder, home)
    await engine.stop()
    requireWhole(home)
    assert.deepEqual(
      readdirSync(home).filter((name) => name.startsWith('.room')),
      [],
    )
    return counts
  } finally {
    await engine.kill().catch(() => {})
  }

  /** What somebody does while not a page can be written; what has to be so once there is space again, if anything. */
  async function act(what: number): Promise<(() => Promise<void>) | undefined> {
    const { call } = engine
    const { runs } = await call('runs.list', {})
    const subject = runs.findLast(({ state }) => state === 'completed')
    if (what === 0 || what === 1) {
      if (subject !== undefined) {
        await call('runs.remove', { run: subject.id })
        told.runs.delete(subject.id)
        counts.removed++
      }
      if (what === 0) return
      await call('storage.empty', {})
      assert.deepEqual((await call('storage.show', {})).storage.removed, [])
      counts.emptied++
    } else if (what === 2 && subject !== undefined) {
      const { task } = await call('runs.evaluate', { run: subject.id })
      counts.tasks++
      return async () => assert.deepEqual([(await engine.taskOver(task)).state], ['done'])
    } else if (what === 3) {
      await engine.kill()
      engine = await startEngineChild(home).catch((thrown: Error) => {
        // The reserve may have gone into what had to be stored before the kill; then a start says that the disk is full, and why.
        assert.match(thrown.message, /"DISK_FULL"/)
        counts.refusedStarts++
        freeDisk(disk)
        return startEngineChild(home)
      })
      watch()
      counts.starts++
      const { runs: left } = await engine.call('runs.list', {})
      return async () => {
        for (const { id, state } of left) if (state === 'interrupted') await engine.call('runs.resume', { run: id })
      }
    } else if (what === 4) {
      const refused = await call('datasets.import', { path: images, name: `copy ${counts.rounds}`, width: 60, height: 60 }).then(
        ({ task }) => engine.taskOver(task),
      )
      assert.equal(refused.error?.code, 'DISK_FULL', refused.error?.message)
      assert.equal((await call('datasets.list', {})).datasets.length, 1)
      counts.refused++
    } else if (what === 5) {
      const going = runs.find(({ state }) => state === 'running' || state === 'queued')
      if (going === undefined) return
      await call('runs.pause', { run: going.id }).catch((thrown: unknown) => {
        if ((thrown as { code: string }).code !== 'RUN_STATE') throw thrown
      })
      return async () => {
        for (;;) {
          const { run } = await engine.call('runs.show', { run: going.id })
          if (run.state === 'completed') return
          if (run.state === 'paused') return void (await engine.call('runs.resume', { run: going.id }))
          await pause(50)
        }
      }
    }
  }
}

/**
 * The engine has its reserve: it writes it again whenever there is space. A disk that fills up in the very moment of that has
 * none for the next start, which then says that the disk is full.
 */
async function reserved(home: string): Promise<void> {
  for (const file = join(home, 'reserve'), end = Date.now() + 60_000; !existsSync(file) && Date.now() < end;) await pause(20)
}

/** By themselves, that is: nobody resumes anything. */
async function completed({ call }: EngineChild, told: Told): Promise<void> {
  for (;;) {
    const { runs } = await call('runs.list', {})
    const own = runs.filter(({ id }) => told.runs.has(id))
    assert.equal(own.length, told.runs.size, 'no run is lost')
    assert.deepEqual(
      own
        .filter(({ state }) => !['queued', 'running', 'completed'].includes(state))
        .map(({ name, state, error }) => `${name} is ${state}: ${error?.message}`),
      [],
    )
    if (own.every(({ state }) => state === 'completed')) return
    await pause(100)
  }
}

if (import.meta.main) {
  const [disk, seed, most, folder] = process.argv.slice(2) as [string, string, string, string]
  process.stdout.write(`${JSON.stringify(await rounds(disk, Number(seed), Number(most), folder))}\n`)
  process.exit(0)
}
