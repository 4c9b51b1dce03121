import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Task } from '../../src/shared/domain.ts'
import { checkpointFile } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { readSafetensors } from '../../src/main/engine/checkpoint/safetensors.ts'
import { random, type Random } from '../../src/main/engine/data/random.ts'
import { digitPng } from '../fixtures/digitFolder.ts'
import { digits } from '../fixtures/digits.ts'
import { killWhileStarting, startEngineChild, type EngineChild } from '../fixtures/engineChild.ts'
import { requireWhole } from './whole.ts'

export interface KillCounts {
  kills: number
  engines: number
  workers: number
  runs: number
  told: number
  tasks: number
  lost: number
}
export interface CampaignOptions {
  seed: number
  rounds: number
  folder: string
  log?: (text: string) => void
}

/** What the engine said that it had done; it holds after every kill. */
export interface Told {
  runs: Map<string, { variant: string; seed: number }>
  datasets: Set<string>
  files: Set<string>
  experiments: Set<string>
}

const variants = ['classical', 'denoising', 'sparseKl', 'variational'] as const
const settings = { network: { layers: [12, 4] }, training: { epochs: 25, batchSize: 16, patience: 25 } }

/**
 * Kills the engine, or one of its workers, at a random moment of a random piece of work, again and again. After every kill the
 * engine is started again and has everything that it had said to have done; in the end every run is completed with the weights
 * and the curves, bit for bit, of one that nobody disturbed.
 * @returns how often what was done; `lost` is 0, since a loss fails an assertion
 */
export async function runKills({ seed, rounds, folder, log = () => {} }: CampaignOptions): Promise<KillCounts> {
  const draw = random('kills', seed)
  const home = join(folder, 'home'),
    out = join(folder, 'out')
  mkdirSync(out, { recursive: true })
  const images = writeImages(join(folder, 'images'), 60)
  const told: Told = { runs: new Map(), datasets: new Set(), files: new Set(), experiments: new Set() }
  const counts: KillCounts = { kills: 0, engines: 0, workers: 0, runs: 0, told: 0, tasks: 0, lost: 0 }
  let engine = await startEngineChild(home)
  try {
    await done(engine, engine.call('datasets.import', { path: images, name: 'base' }))
    await engine.call('queue.settings', { trainers: 2 })
    const { experiment } = await engine.call('experiments.create', {
      plan: {
        name: 'throughout',
        dataset: 'base',
        seeds: [1, 2],
        settings: { 'network.layers': [12, 4], 'training.epochs': 25, 'training.batchSize': 16 },
        variants: [{ variant: 'classical' }],
      },
    })
    told.experiments.add(experiment.id)
    for (let round = 0; round < rounds; round++) {
      const work = act(engine, draw, { round, out, images, told, counts }).catch((thrown: unknown) => {
        if (!isLoss(thrown)) throw thrown
      })
      await pause(draw.below(2) === 0 ? draw.below(700) : draw.below(4000))
      const workers = engine.workers()
      if (workers.length > 0 && draw.below(3) === 0) {
        killQuietly(workers[draw.below(workers.length)]!)
        counts.workers++
        await Promise.race([work, pause(500)])
      }
      await engine.kill()
      counts.engines++
      counts.kills = counts.engines + counts.workers
      await work
      if (draw.below(4) === 0) {
        await killWhileStarting(home, draw.below(500))
        counts.engines++
        counts.kills++
      }
      engine = await startEngineChild(home)
      await holds(engine, told, home, `round ${round} of seed ${seed}`)
      if (round % 10 === 9) log(`kills: ${counts.kills}, runs: ${told.runs.size}`)
    }
    await finishAll(engine)
    await compareWithQuiet(engine, told, folder, home)
    counts.runs = told.runs.size
    counts.told = told.runs.size + told.datasets.size + told.files.size + told.experiments.size
    await engine.stop()
    requireWhole(home)
    assert.deepEqual(
      readdirSync(out).filter((name) => name.startsWith('.')),
      [],
      'nothing half-written is left beside what was asked for',
    )
    return counts
  } finally {
    await engine.kill().catch(() => {})
  }
}

interface Doing {
  round: number
  out: string
  images: string
  told: Told
  counts: KillCounts
}

/** One piece of work, and a new run beside it; what the engine answers is written down as promised. */
async function act(engine: EngineChild, draw: Random, { round, out, images, told, counts }: Doing): Promise<void> {
  const { call } = engine
  const variant = variants[draw.below(variants.length)]!
  const what = draw.below(8)
  const { run } = await call('runs.create', {
    dataset: 'base',
    variant,
    seed: round,
    name: `run ${round}`,
    settings: settingsOf(variant),
  })
  told.runs.set(run.id, { variant, seed: round })
  const completed = (await call('runs.list', {})).runs.filter(({ state }) => state === 'completed')
  const subject = completed[draw.below(Math.max(1, completed.length))]
  const finished = async (asked: Promise<{ task: Task }>, keep: (result: string) => void): Promise<void> => {
    const task = await done(engine, asked)
    counts.tasks++
    if (task.result !== null) keep(task.result)
  }
  const file = (name: string) => join(out, name)
  const keepFile = (name: string) => () => void told.files.add(file(name))
  switch (what) {
    // Each of a size of its own: an import that was committed but not answered before a kill would make the next one of its size a
    // duplicate.
    case 0:
      return finished(call('datasets.import', { path: images, name: `copy ${round}`, width: 8 + round, height: 8 }), (id) =>
        told.datasets.add(id),
      )
    case 1: {
      const [dataset] = [...told.datasets]
      if (dataset === undefined) return
      told.datasets.delete(dataset)
      return void (await call('datasets.remove', { dataset }))
    }
    case 2:
      return (
        subject &&
        finished(
          call('exports.create', { run: subject.id, part: 'encoder', out: file(`${round}.onnx`) }),
          keepFile(`${round}.onnx`),
        )
      )
    case 3:
      return (
        subject &&
        finished(
          call('embeddings.create', { encoder: { run: subject.id }, data: { dataset: 'base' }, out: file(`${round}.npz`) }),
          keepFile(`${round}.npz`),
        )
      )
    case 4: {
      const [experiment] = [...told.experiments]
      return finished(
        call('experiments.pack', { experiment: experiment!, file: file(`${round}.zip`), withDataset: true }),
        keepFile(`${round}.zip`),
      )
    }
    case 5: {
      const packs = [...told.files].filter((name) => name.endsWith('.zip'))
      return packs.length === 0
        ? undefined
        : finished(call('experiments.unpack', { file: packs[draw.below(packs.length)]! }), (id) => told.experiments.add(id))
    }
    case 6: {
      const experiment = [...told.experiments].at(-1)!
      if (told.experiments.size > 1) {
        told.experiments.delete(experiment)
        await call('experiments.remove', { experiment })
      }
      return void (await call('storage.empty', {}))
    }
    default:
      return subject && finished(call('runs.evaluate', { run: subject.id }), () => {})
  }
}

export const settingsOf = (variant: string) =>
  variant === 'sparseKl' ? { ...settings, network: { ...settings.network, codeActivation: 'sigmoid' as const } } : settings

/** The engine went away in the middle of a call, or a worker was killed: nothing was promised. */
const isLoss = (thrown: unknown): boolean => {
  const code = (thrown as { code?: string } | null)?.code
  return code === 'ENGINE_LOST' || code === 'RUN_FAILED' || code === 'DATASET_IN_USE' || code === 'RUN_STATE'
}

async function done(engine: EngineChild, asked: Promise<{ task: Task }>): Promise<Task> {
  const { task } = await asked
  const over = await Promise.race([
    engine.taskOver(task),
    engine.gone.then(() => {
      throw Object.assign(new Error('gone'), { code: 'ENGINE_LOST' })
    }),
  ])
  if (over.error !== null) throw Object.assign(new Error(over.error.message), { code: over.error.code })
  return over
}

/** Everything that was promised is there, every list answers, and the files and the database know each other. */
async function holds({ call }: EngineChild, told: Told, home: string, when: string): Promise<void> {
  const [{ runs }, { datasets }, { experiments }] = await Promise.all([
    call('runs.list', {}),
    call('datasets.list', {}),
    call('experiments.list', {}),
  ])
  const missing = (name: string, wanted: Iterable<string>, there: readonly { id: string }[]) => {
    const known = new Set(there.map(({ id }) => id))
    assert.deepEqual(
      [...wanted].filter((id) => !known.has(id)),
      [],
      `${name} that were lost, ${when}`,
    )
  }
  missing('runs', told.runs.keys(), runs)
  missing('datasets', told.datasets, datasets)
  missing('experiments', told.experiments, experiments)
  for (const file of told.files) assert.ok(existsSync(file), `${file} was lost, ${when}`)
  await call('storage.show', {})
  for (const { id, state, step } of runs) {
    if (state !== 'queued' && step > 0)
      assert.ok(existsSync(checkpointFile(join(home, 'runs', id), 'last')), `run ${id} lost its checkpoint, ${when}`)
  }
}

/** Resumes what was interrupted until every run is completed. */
async function finishAll({ call }: EngineChild): Promise<void> {
  for (;;) {
    const { runs } = await call('runs.list', {})
    const open = runs.filter(({ state }) => state !== 'completed')
    if (open.length === 0) return
    const wrong = open.filter(({ state }) => state === 'failed' || state === 'diverged' || state === 'cancelled')
    assert.deepEqual(
      wrong.map(({ name, error }) => `${name}: ${error?.message}`),
      [],
    )
    for (const { id, state } of open) if (state === 'interrupted' || state === 'paused') await call('runs.resume', { run: id })
    await pause(100)
  }
}

/** Trains the same runs where nobody disturbs them, and compares weights and curves. */
export async function compareWithQuiet(engine: EngineChild, told: Told, folder: string, home: string): Promise<void> {
  const quietHome = join(folder, 'quiet')
  const quiet = await startEngineChild(quietHome)
  try {
    await done(quiet, quiet.call('datasets.import', { path: join(folder, 'images'), name: 'base' }))
    await quiet.call('queue.settings', { trainers: 2 })
    const pairs: { ours: string; theirs: string }[] = []
    for (const [ours, { variant, seed }] of told.runs) {
      const { run } = await quiet.call('runs.create', { dataset: 'base', variant, seed, settings: settingsOf(variant) })
      pairs.push({ ours, theirs: run.id })
    }
    await finishAll(quiet)
    for (const { ours, theirs } of pairs) {
      const [a, b] = [weightsOf(home, ours), weightsOf(quietHome, theirs)]
      assert.deepEqual(Object.keys(a), Object.keys(b), ours)
      for (const name of Object.keys(a)) assert.ok(Buffer.compare(a[name]!, b[name]!) === 0, `${name} of ${ours} differs`)
      assert.deepEqual(await curvesOf(engine, ours), await curvesOf(quiet, theirs), `curves of ${ours}`)
    }
  } finally {
    await quiet.kill()
    rmSync(quietHome, { recursive: true, force: true })
  }
}

function weightsOf(home: string, run: string): Record<string, Buffer> {
  const { tensors } = readSafetensors(checkpointFile(join(home, 'runs', run), 'last'))
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { data }]) => [name, Buffer.from(data.buffer, data.byteOffset, data.byteLength)]),
  )
}

/** Series are compared where a pause cannot have moved their points: at validations. */
async function curvesOf({ call }: EngineChild, run: string): Promise<string[]> {
  const { series } = await call('runs.series', { run })
  return series
    .filter(({ key }) => key.startsWith('validation/'))
    .flatMap(({ key, step, value }) => Array.from(step, (at, index) => `${key} ${at} ${value[index]}`))
    .toSorted()
}

/** Small digits in three classes. */
export function writeImages(folder: string, count: number): string {
  const pixels = digits(count)
  for (let index = 0; index < count; index++) {
    const place = join(folder, 'abc'[index % 3]!)
    mkdirSync(place, { recursive: true })
    writeFileSync(join(place, `${index}.png`), digitPng(pixels.subarray(index * 784, (index + 1) * 784)))
  }
  return folder
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has just ended by itself.
  }
}
