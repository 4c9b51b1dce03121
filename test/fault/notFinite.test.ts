import { test } from 'node:test'
import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { checkpointFile } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { readSafetensors, writeSafetensors } from '../../src/main/engine/checkpoint/safetensors.ts'
import { temporaryFolder, testEngine } from '../fixtures/homes.ts'

/** Ways in which a checkpoint can be one that nothing goes on from, and what is said of it. */
const spoilt: Record<string, { spoil: (file: string) => void; says: RegExp }> = {
  'NaN among the weights': { spoil: (file) => poison(file, (name) => name === 'encoder/0/kernel', Number.NaN), says: /not finite/ },
  'infinity in the optimizer': {
    spoil: (file) => poison(file, (name) => name.startsWith('optimizer/'), -Infinity),
    says: /not finite/,
  },
  'a cut-off file': { spoil: (file) => truncateSync(file, readFileSync(file).length - 9), says: /cut off/ },
  'no header': { spoil: (file) => writeFileSync(file, 'nothing of the kind'), says: /not a whole safetensors file/ },
  'a flipped bit': {
    spoil: (file) => {
      const bytes = readFileSync(file)
      bytes[bytes.length - 6]! ^= 4
      writeFileSync(file, bytes)
    },
    says: /checksum is wrong/,
  },
}

/** One value of a tensor, in a file that is otherwise as it should be: its checksum is right. */
function poison(file: string, which: (name: string) => boolean, value: number): void {
  const whole = readSafetensors(file),
    [, tensor] = Object.entries(whole.tensors).find(([name]) => which(name))!
  tensor.data[tensor.data.length >> 1] = value
  writeSafetensors(file, whole)
}

test('a run is not resumed from what is damaged or not finite: it stays what it was, and goes on once that is mended', async (t) => {
  const { call, engine, until, next, events } = testEngine(t, temporaryFolder(t), { workerScript: undefined, threads: 1 })
  const { task } = await call('datasets.import', { path: 'moons', name: 'moons', count: 300, seed: 3 })
  await next((event) => (event.type === 'task' && event.task.id === task.id && event.task.state === 'done' ? true : undefined))
  const settings = { network: { layers: [8, 2] }, training: { epochs: 4000, batchSize: 16 } }
  const plan = { name: 'e', dataset: 'moons', seeds: [1], settings, variants: [{ variant: 'classical' }] }
  const { experiment } = await call('experiments.create', { plan })
  const id = experiment.cells[0]!.runs[0]!.run!
  await next((event) => (event.type === 'points' && event.run === id && event.step > 400 ? true : undefined))
  await call('experiments.pause', { experiment: experiment.id })
  const paused = await until(id, 'paused')
  const file = checkpointFile(engine.home.run(id), 'last'),
    good = `${file}.good`
  copyFileSync(file, good)
  // What its files take is counted when its process is gone.
  const state = async () => ({ ...(await call('runs.show', { run: id })).run, bytes: null })

  for (const [what, { spoil, says }] of Object.entries(spoilt)) {
    copyFileSync(good, file)
    spoil(file)
    const before = await state()
    assert.equal(before.state, 'paused')
    await assert.rejects(call('runs.resume', { run: id }), { code: 'CHECKPOINT_DAMAGED', field: 'run', message: says }, what)
    assert.deepEqual(await state(), before, what)
    // What is taken up with others, or by itself, is found out by its own process.
    const from = events.length
    await call('experiments.resume', { experiment: experiment.id })
    await next((event) =>
      events.indexOf(event) >= from && event.type === 'run' && event.run.state === 'running' ? true : undefined,
    )
    const after = await next((event) =>
      events.indexOf(event) >= from && event.type === 'run' && event.run.state === 'paused' && event.run.error
        ? event.run
        : undefined,
    )
    assert.equal(after.error!.code, 'CHECKPOINT_DAMAGED', what)
    assert.match(after.error!.message, says, what)
    assert.deepEqual([after.step, after.epoch, after.latest], [paused.step, paused.epoch, paused.latest], what)
    await engine.handle('experiments.pause', { experiment: experiment.id })
  }
  // Of the same run, sound and earlier: a way out.
  writeFileSync(file, '')
  copyFileSync(good, checkpointFile(engine.home.run(id), 'snapshot-40'))
  const wayOut = /snapshot-40\.safetensors, of epoch [\d.,]+, is sound: a new run can begin with its weights/
  await assert.rejects(call('runs.resume', { run: id }), { message: wayOut })
  copyFileSync(good, file)
  const { run } = await call('runs.resume', { run: id })
  assert.ok(run.state === 'queued' || run.state === 'running')
  const going = await next((event) => (event.type === 'points' && event.run === id && event.step > paused.step ? true : undefined))
  assert.ok(going)
  await call('runs.cancel', { run: id })
  await until(id, 'cancelled')
})
