import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { zipSync } from 'fflate'
import { vectorOf } from '../../src/shared/shape.ts'
import type { Client } from '../../src/shared/connection.ts'
import { createEngine, type Engine } from '../../src/main/engine/engine.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'
import { resolveConfig, variantOf } from '../../src/main/engine/variants/index.ts'
import { weightsOf } from '../../src/main/engine/variants/variant.ts'
import { copyOf, watchDisk } from '../fixtures/diskStates.ts'
import { fakeWorker } from '../fixtures/homes.ts'
import { npy } from '../fixtures/npz.ts'
import { writeUntrained } from '../fixtures/fakeCheckpoint.ts'

/**
 * Whatever a kill leaves, the next start makes it whole: every folder has a row, every row that needs a folder has it, nothing
 * temporary is left, in the home and where a user let something be written. Every state of the disk that a kill can leave is
 * one copy of it.
 */
const base = mkdtempSync(join(tmpdir(), 'half-done-'))
const gone = spawnSync(process.execPath, ['-e', '']).pid!
after(() => rmSync(base, { recursive: true, force: true }))

interface World {
  root: string
  engine: Engine
  call: Client
  done(task: { task: { id: string } }): Promise<string>
}

function start(root: string): World {
  const engine = createEngine({ home: join(root, 'home'), workerScript: fakeWorker, threads: 2 })
  const call = engine.handle as Client
  const ended = new Map<string, string>(),
    waiting = new Map<string, (result: string) => void>()
  engine.subscribe((event) => {
    if (event.type !== 'task' || event.task.state === 'running') return
    assert.equal(event.task.error, null)
    ended.set(event.task.id, event.task.result ?? '')
    waiting.get(event.task.id)?.(event.task.result ?? '')
  })
  const done = ({ task }: { task: { id: string } }) =>
    new Promise<string>((resolve) => {
      const result = ended.get(task.id)
      if (result === undefined) waiting.set(task.id, resolve)
      else resolve(result)
    })
  return { root, engine, call, done }
}
const images = (file: string, first: number) =>
  writeFileSync(
    file,
    zipSync({
      'x.npy': npy(
        '|u1',
        [40, 4, 4],
        Uint8Array.from({ length: 640 }, (_, at) => (at * 37 + first) % 251),
      ),
    }),
  )

before(async () => {
  for (const name of ['home', 'files', 'out']) mkdirSync(join(base, name))
  images(join(base, 'files', 'base.npz'), 0)
  images(join(base, 'files', 'more.npz'), 9)
  const { config } = resolveConfig(
    'classical',
    { 'network.layers': [4] },
    { rowSize: 16, trainCount: 30, kind: 'image', classes: 0 },
  )
  const state = Object.fromEntries(
    weightsOf(variantOf('classical'), config!, vectorOf(16)).map((spec) => [spec.name, initialValues(spec, 1)]),
  )
  writeUntrained(join(base, 'files', 'weights'), { variant: 'classical', config: config!, state })
  const { engine, call, done } = start(base)
  await done(await call('datasets.import', { name: 'base', path: join(base, 'files', 'base.npz') }))
  const ended = new Promise<void>((resolve) =>
    engine.subscribe((event) => {
      if (event.type === 'experiment' && event.ended) resolve()
    }),
  )
  const settings = { 'network.layers': [4], 'training.batchSize': 8 }
  await call('experiments.create', {
    plan: { name: 'two', dataset: 'base', seeds: [1, 11], settings, variants: [{ variant: 'classical' }] },
  })
  await ended
  await done(
    await call('embeddings.create', { encoder: { run: (await call('runs.list', {})).runs[0]!.id }, data: { dataset: 'base' } }),
  )
  await done(
    await call('experiments.pack', { experiment: 'two', file: join(base, 'files', 'two.experiment.zip'), withDataset: true }),
  )
  await engine.close()
})

const weights = (root: string) => join(root, 'files', 'weights', 'checkpoints', 'last.safetensors')
const firstRun = async ({ call }: World) => (await call('runs.list', {})).runs[0]!.id
/** What is done, after what: each by the calls that a user makes. */
const operations: Record<string, { prepare?(world: World): Promise<unknown>; act(world: World): Promise<unknown> }> = {
  'an import': {
    act: async ({ root, call, done }) =>
      done(await call('datasets.import', { name: 'more', path: join(root, 'files', 'more.npz') })),
  },
  'a run that begins with weights': {
    act: ({ root, call }) =>
      call('runs.create', {
        dataset: 'base',
        variant: 'classical',
        seed: 2,
        weights: weights(root),
        settings: { 'training.batchSize': 8 },
      }),
  },
  'weights taken in as a run': {
    act: async ({ root, call, done }) => done(await call('weights.evaluate', { dataset: 'base', weights: weights(root) })),
  },
  'codes that are kept': {
    act: async (world) =>
      world.done(await world.call('embeddings.create', { encoder: { run: await firstRun(world) }, data: { dataset: 'base' } })),
  },
  'codes that are removed': {
    act: async ({ call }) => call('embeddings.remove', { embedding: (await call('embeddings.list', {})).embeddings[0]!.id }),
  },
  'a run that is removed and restored': {
    act: async (world) => {
      const run = await firstRun(world)
      await world.call('runs.remove', { run })
      return world.call('runs.restore', { run })
    },
  },
  'an experiment that is removed and restored': {
    act: async ({ call }) => {
      const { experiment } = await call('experiments.remove', { experiment: 'two' })
      return call('experiments.restore', { experiment })
    },
  },
  'emptying the trash': {
    prepare: ({ call }) => call('experiments.remove', { experiment: 'two' }),
    act: ({ call }) => call('storage.empty', {}),
  },
  'a dataset that is removed': {
    prepare: async ({ call }) => {
      await call('experiments.remove', { experiment: 'two' })
    },
    act: ({ call }) => call('datasets.remove', { dataset: 'base' }),
  },
  'unpacking with images': {
    prepare: async ({ call }) => {
      await call('experiments.remove', { experiment: 'two' })
      await call('datasets.remove', { dataset: 'base' })
    },
    act: async ({ root, call, done }) =>
      done(await call('experiments.unpack', { file: join(root, 'files', 'two.experiment.zip') })),
  },
  'unpacking beside what is there': {
    act: async ({ root, call, done }) =>
      done(await call('experiments.unpack', { file: join(root, 'files', 'two.experiment.zip') })),
  },
  'packing over a file': {
    prepare: async ({ root }) => writeFileSync(join(root, 'out', 'a.zip'), 'old'),
    act: async ({ root, call, done }) =>
      done(await call('experiments.pack', { experiment: 'two', file: join(root, 'out', 'a.zip'), force: true })),
  },
  'exporting into a folder that holds something': {
    prepare: async ({ root }) => {
      for (const name of ['index.json', 'mine.txt']) writeFileSync(join(root, 'out', name), 'old')
    },
    act: async ({ root, call, done }) =>
      done(await call('exports.many', { experiment: 'two', part: 'encoder', out: join(root, 'out'), force: true })),
  },
  'a table over a file': {
    prepare: async ({ root }) => writeFileSync(join(root, 'out', 'a.csv'), 'old'),
    act: async ({ root, call }) =>
      call('compare.export', {
        runs: (await call('runs.list', {})).runs.map(({ id }) => id),
        kind: 'csv',
        out: join(root, 'out', 'a.csv'),
        force: true,
      }),
  },
}

const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).sort() : [])

/** Starts on what a kill left, and asks for what has to hold. */
async function requireWhole(root: string, what: string): Promise<void> {
  const { engine, call } = start(root)
  try {
    const { recovered } = await call('engine.recovered', {})
    assert.equal((await call('engine.recovered', {})).recovered, null, 'it is told once')
    // What is purged at the start is gone after the next turns.
    await call('storage.show', {})
    const home = join(root, 'home')
    const { datasets } = await call('datasets.list', {}),
      { runs } = await call('runs.list', {}),
      { embeddings } = await call('embeddings.list', {})
    assert.deepEqual(namesIn(join(home, 'datasets')), datasets.map(({ id }) => id).sort(), `datasets: ${what}`)
    for (const { id, bytes } of datasets) assert.ok(readdirSync(join(home, 'datasets', id)).length >= 2 && bytes > 0, what)
    const placed = runs.filter(({ step, origin, state }) => step > 0 || origin !== null || state === 'running')
    const folders = namesIn(join(home, 'runs'))
    assert.deepEqual(
      folders.filter((name) => !runs.some(({ id }) => id === name)),
      [],
      `folders without a run: ${what}`,
    )
    assert.deepEqual(
      placed.filter(({ id }) => !folders.includes(id)),
      [],
      `runs without a folder: ${what}`,
    )
    const { removed } = (await call('storage.show', {})).storage
    const bin = removed.flatMap(({ kind, id }) => (kind === 'run' ? [id] : []))
    assert.deepEqual(namesIn(join(home, 'trash')), bin.sort(), `trash: ${what}`)
    assert.deepEqual(namesIn(join(home, 'embeddings')), embeddings.map(({ id }) => id).sort(), `codes: ${what}`)
    const everywhere = readdirSync(root, { recursive: true, encoding: 'utf8' })
    assert.deepEqual(
      everywhere.filter((name) => /\.(partial|removing|tmp|moving|replaced)$/.test(name)),
      [],
      what,
    )
    assert.deepEqual([...namesIn(join(home, 'claims')), ...namesIn(join(home, 'targets'))], [], what)
    const out = namesIn(join(root, 'out')),
      index = join(root, 'out', 'index.json')
    if (out.includes('mine.txt')) assert.equal(readFileSync(join(root, 'out', 'mine.txt'), 'utf8'), 'old')
    if (existsSync(index)) {
      const text = readFileSync(index, 'utf8')
      const files: { file: string }[] = text === 'old' ? [] : (JSON.parse(text) as { files: { file: string }[] }).files
      assert.deepEqual(
        out.filter((name) => name.endsWith('.onnx')),
        files.map(({ file }) => file).sort(),
        `the index and its files belong together: ${what}`,
      )
    }
    if (recovered !== null) {
      assert.ok(recovered.folders + recovered.files > 0 && /left half done/.test(recovered.sentence))
      assert.ok(readFileSync(join(home, 'engine.log'), 'utf8').includes(recovered.sentence))
    }
  } finally {
    await engine.close()
  }
}

async function statesOf(name: string): Promise<{ states: string[]; moments: string[]; root: string }> {
  const root = mkdtempSync(join(tmpdir(), 'half-done-of-'))
  for (const folder of ['home', 'files', 'out']) cpSync(join(base, folder), join(root, folder), { recursive: true })
  const world = start(root),
    { prepare, act } = operations[name]!
  await world.call('engine.recovered', {})
  await prepare?.(world)
  const states: string[] = [],
    moments: string[] = []
  const stop = watchDisk(root, (what) => {
    const to = `${root}-${states.length}`
    copyOf(root, to, gone)
    states.push(to)
    moments.push(what)
  })
  try {
    await act(world)
  } finally {
    stop()
    await world.engine.close()
  }
  states.push(root)
  moments.push('in the end')
  return { states, moments, root }
}

for (const name of Object.keys(operations)) {
  test(`killed at any moment: ${name}`, async (t: TestContext) => {
    const { states, moments } = await statesOf(name)
    t.after(() => {
      for (const state of states) rmSync(state, { recursive: true, force: true })
    })
    assert.ok(states.length > 2, `${states.length} states`)
    for (const [index, state] of states.entries()) await requireWhole(state, `${name}, moment ${index}: ${moments[index]}`)
    t.diagnostic(`${states.length} states`)
  })
}

test('folders that have no row for another reason, such as an older database that was put back, are never removed', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'half-done-older-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  for (const folder of ['home', 'files', 'out']) cpSync(join(base, folder), join(root, folder), { recursive: true })
  const older = readFileSync(join(root, 'home', 'workbench.sqlite'))
  const { engine, call, done } = start(root)
  await done(await call('datasets.import', { name: 'more', path: join(root, 'files', 'more.npz') }))
  await done(await call('weights.evaluate', { dataset: 'base', weights: weights(root) }))
  await call('runs.remove', { run: await firstRun({ root, engine, call, done }) })
  await engine.close()
  mkdirSync(join(root, 'home', 'runs', 'mine'))
  const all = () =>
    ['datasets', 'runs', 'embeddings', 'trash'].flatMap((kind) =>
      namesIn(join(root, 'home', kind)).map((name) => `${kind}/${name}`),
    )
  const before = all()
  for (const end of ['-wal', '-shm']) rmSync(join(root, 'home', `workbench.sqlite${end}`), { force: true })
  writeFileSync(join(root, 'home', 'workbench.sqlite'), older)
  const again = start(root)
  assert.equal((await again.call('engine.recovered', {})).recovered, null)
  await again.engine.close()
  // The run that was removed after the database was kept is a run again, and has its files.
  assert.deepEqual(all().sort(), before.map((name) => name.replace('trash/', 'runs/')).sort())
})
