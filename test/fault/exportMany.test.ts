import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { CallInput } from '../../src/shared/calls.ts'
import { WorkbenchError } from '../../src/shared/errors.ts'
import type { FolderIndex } from '../../src/main/engine/export/folderIndex.ts'
import { failure } from '../fixtures/exports.ts'
import { homeWithDataset, over, temporaryFolder, testEngine } from '../fixtures/homes.ts'

/** All runs of an experiment in one folder: whole with its index, or not at all. The fixture's worker writes files of four bytes. */

/** An experiment of two variants; the run of a seed of 3 diverges. */
async function ended(t: TestContext, seeds: number[]) {
  const engine = testEngine(t, homeWithDataset(t))
  const { experiment } = await engine.call('experiments.create', {
    plan: {
      name: 'two = by two',
      dataset: 'digits',
      seeds,
      settings: { 'network.layers': [4], 'training.epochs': 2, 'training.batchSize': 16 },
      variants: [{ variant: 'classical', sweep: { 'training.learningRate': [0.001, 0.002] } }, { variant: 'denoising' }],
    },
  })
  await engine.next((event) =>
    event.type === 'experiment' && event.experiment.id === experiment.id && event.ended ? true : undefined,
  )
  const folder = temporaryFolder(t),
    out = join(folder, 'files')
  const start = (more: Partial<CallInput<'exports.many'>> = {}) =>
    engine.call('exports.many', { experiment: experiment.id, part: 'encoder', out, ...more })
  const exported = async (more: Partial<CallInput<'exports.many'>> = {}): Promise<string> => {
    const done = await over(engine, await start(more))
    if (done.error) throw WorkbenchError.from(done.error)
    return done.result!
  }
  return { engine, folder, out, start, exported, experiment }
}

test('every completed run has its file, and the index says which it is; the others are left out', async (t) => {
  const { engine, folder, out, exported, experiment } = await ended(t, [1, 3, 11])
  assert.equal(await exported(), out)
  const index = JSON.parse(readFileSync(join(out, 'index.json'), 'utf8')) as FolderIndex
  assert.deepEqual(index.experiment, { id: experiment.id, name: 'two = by two' })
  assert.deepEqual(
    index.files.map(({ variant, seed, values }) => [variant, seed, values]),
    [
      ['classical', 1, { 'training.learningRate': 0.001 }],
      ['classical', 11, { 'training.learningRate': 0.001 }],
      ['classical', 1, { 'training.learningRate': 0.002 }],
      ['classical', 11, { 'training.learningRate': 0.002 }],
      ['denoising', 1, {}],
      ['denoising', 11, {}],
    ],
  )
  assert.deepEqual(readdirSync(out).sort(), [...index.files.map(({ file }) => file), 'index.csv', 'index.json'].sort())
  for (const { file, run, name } of index.files) {
    assert.equal(readFileSync(join(out, file), 'utf8'), 'onnx')
    assert.equal((await engine.call('runs.show', { run })).run.name, name)
  }
  const lines = readFileSync(join(out, 'index.csv'), 'utf8').trim().split('\r\n')
  assert.equal(lines.length, 7)
  assert.match(lines[0]!, /^file,run,name,variant,seed,cell,training\.learningRate,squaredError,/)
  assert.match(
    lines[1]!,
    new RegExp(`^${index.files[0]!.file},${index.files[0]!.run},"Classical, .*",classical,1,"Classical, .*",0\\.001,9\\.5,`),
  )
  // The list of exports names the files where they are now.
  assert.deepEqual(
    (await engine.call('exports.list', {})).exports.map(({ file }) => file).sort(),
    index.files.map(({ file }) => join(out, file)).sort(),
  )
  assert.deepEqual(readdirSync(folder), ['files'])
  const { folder: suggested } = await engine.call('exports.suggestFolder', {
    experiment: experiment.id,
    part: 'decoder',
    precision: 'int8',
  })
  assert.match(suggested, /two-by-two-decoders-int8$/)
  assert.ok(!existsSync(suggested))
})

test('runs that cannot be exported are named in the index, and what it says can be asked for', async (t) => {
  const { engine, out, folder, exported } = await ended(t, [1, 11])
  await exported({ precision: 'int8' })
  const index = JSON.parse(readFileSync(join(out, 'index.json'), 'utf8')) as FolderIndex
  assert.deepEqual(
    index.files.map(({ seed }) => seed),
    [1, 1, 1],
  )
  assert.equal(index.failed.length, 3)
  assert.deepEqual(
    index.failed.map(({ code, message }) => [code, message]),
    index.failed.map(() => ['CHECKPOINT_DAMAGED', 'last.safetensors is not a whole safetensors file.']),
  )
  assert.deepEqual(readdirSync(out).sort(), [...index.files.map(({ file }) => file), 'index.csv', 'index.json'].sort())
  assert.deepEqual(await engine.call('exports.index', { folder: out }), {
    files: 3,
    failed: index.failed.map(({ run, name, code, message }) => ({ run, name, code, message })),
  })
  await assert.rejects(engine.call('exports.index', { folder }), failure('PATH_MISSING', /index\.json cannot be read/))
  writeFileSync(join(folder, 'index.json'), '{"files":3')
  await assert.rejects(engine.call('exports.index', { folder }), failure('FILE_DAMAGED', /is not an index of exported runs/))
})

test('of an experiment none of whose runs can be exported there is no folder, and the first reason is told', async (t) => {
  const { engine, folder, exported } = await ended(t, [11])
  await assert.rejects(exported({ precision: 'int8' }), failure('CHECKPOINT_DAMAGED', /not a whole safetensors file/))
  assert.deepEqual([readdirSync(folder), (await engine.call('exports.list', {})).exports], [[], []])
})

test('a real disk that is full', async (t) => {
  const { engine, folder, exported } = await ended(t, [1])
  const disk = join(folder, 'disk')
  mkdirSync(disk)
  if (process.platform !== 'linux' || spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', disk]).status !== 0)
    return t.skip('a small disk can only be made by root on Linux')
  try {
    writeFileSync(join(disk, 'mine'), Buffer.alloc(16_384))
    // The worker's files fail as the index does: there is no room for any of them.
    await assert.rejects(exported({ out: join(disk, 'files') }), (thrown: unknown) => thrown instanceof WorkbenchError)
    assert.deepEqual([readdirSync(disk), (await engine.call('exports.list', {})).exports], [['mine'], []])
  } finally {
    assert.equal(spawnSync('umount', [disk]).status, 0)
  }
})

test('targets that cannot be, and what is there already', async (t) => {
  const { folder, out, exported, start } = await ended(t, [1])
  writeFileSync(join(folder, 'file'), 'kept')
  await assert.rejects(start({ out: join(folder, 'file') }), failure('EXPORT_UNWRITABLE', /is a file; choose a folder/))
  await assert.rejects(start({ out: join(folder, 'none', 'files') }), failure('EXPORT_UNWRITABLE', /folder does not exist/))
  await assert.rejects(start({ out: 'files' }), failure('CALL_INVALID', /not an absolute path/))
  await assert.rejects(start({ experiment: 'unknown' }), failure('EXPERIMENT_UNKNOWN', /unknown/))
  mkdirSync(out)
  writeFileSync(join(out, 'notes.txt'), 'mine')
  await assert.rejects(start(), failure('EXPORT_EXISTS', /is not empty; choose another folder, or replace/))
  assert.deepEqual(readdirSync(out), ['notes.txt'])
  await exported({ force: true })
  assert.equal(readdirSync(out).length, 6)
  assert.equal(readFileSync(join(out, 'notes.txt'), 'utf8'), 'mine')
  assert.deepEqual(readdirSync(folder).sort(), ['file', 'files'])
})

test('a cancelled export of many leaves nothing; nor does one whose folder vanishes', async (t) => {
  const { engine, folder, out, start, exported } = await ended(t, [1])
  const { task } = await start()
  await engine.call('tasks.cancel', { task: task.id })
  await engine.next((event) =>
    event.type === 'task' && event.task.id === task.id && event.task.state === 'cancelled' ? true : undefined,
  )
  assert.deepEqual([readdirSync(folder), (await engine.call('exports.list', {})).exports], [[], []])

  const inside = join(folder, 'gone')
  mkdirSync(inside)
  const running = exported({ out: join(inside, 'files') })
  await engine.next((event) =>
    event.type === 'task' && event.task.kind === 'export' && event.task.state === 'running' && (event.task.progress?.done ?? 0) > 0
      ? true
      : undefined,
  )
  rmSync(inside, { recursive: true, force: true })
  await assert.rejects(running, (thrown: Error) => thrown instanceof WorkbenchError)
  assert.ok(!existsSync(out) && !existsSync(inside))
  assert.deepEqual((await engine.call('exports.list', {})).exports, [])
})

test('an experiment of which nothing is completed', async (t) => {
  const { start } = await ended(t, [3])
  await assert.rejects(start(), failure('EXPERIMENT_STATE', /No run of the experiment “two = by two” is completed/))
})
