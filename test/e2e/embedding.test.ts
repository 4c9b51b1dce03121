import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { CallInput } from '../../src/shared/calls.ts'
import type { EngineEvent } from '../../src/shared/events.ts'
import type { Client } from '../../src/shared/connection.ts'
import type { Run } from '../../src/shared/domain.ts'
import type { Embedding } from '../../src/shared/embeddings.ts'
import { WorkbenchError } from '../../src/shared/errors.ts'
import type { ResultOf } from '../../src/shared/answers.ts'
import type { QuestionInput } from '../../src/shared/questions.ts'
import { createEngine, type Engine } from '../../src/main/engine/engine.ts'
import { writeDigitFolder } from '../fixtures/digitFolder.ts'
import { failure } from '../fixtures/exports.ts'
import { onnxFile, type Model } from '../fixtures/onnxFiles.ts'

/**
 * Codes of a dataset beside those of runs: the same figures, neighbours and map where the encoder is the run itself; and those
 * of a foreign encoder.
 */

const folder = mkdtempSync(join(tmpdir(), 'embedding-')),
  home = join(folder, 'home')
let engine: Engine, call: Client, run: Run
const waiting = new Set<(event: EngineEvent) => void>()
const over = (id: string) =>
  new Promise<string>((done, fail) => {
    const look = (event: EngineEvent) => {
      if (event.type === 'task' && event.task.id === id && event.task.state !== 'running')
        event.task.error ? fail(WorkbenchError.from(event.task.error)) : done(event.task.result!)
      else if (event.type === 'run' && event.run.id === id && ['completed', 'failed', 'diverged'].includes(event.run.state))
        done(id)
      else return
      waiting.delete(look)
    }
    waiting.add(look)
  })
async function embedded(input: CallInput<'embeddings.create'>): Promise<Embedding> {
  const { task } = await call('embeddings.create', input)
  const id = await over(task.id)
  return (await call('embeddings.list', {})).embeddings.find((each) => each.id === id)!
}
const asked = async <K extends QuestionInput['kind']>(embedding: string, question: QuestionInput & { kind: K }) =>
  (await call('embeddings.explore', { embedding, question })).result as ResultOf<K>
const askedOfRun = async <K extends QuestionInput['kind']>(question: QuestionInput & { kind: K }) =>
  (await call('explore', { run: run.id, question })).result as ResultOf<K>

before(async () => {
  writeDigitFolder(join(folder, 'digits'), 600)
  engine = createEngine({ home })
  call = engine.handle as Client
  engine.subscribe((event) => {
    for (const look of [...waiting]) look(event)
  })
  const { task } = await call('datasets.import', { name: 'digits', path: join(folder, 'digits') })
  await over(task.id)
  await over((await call('datasets.import', { name: 'moons', path: 'moons' })).task.id)
  const made = (
    await call('runs.create', {
      dataset: 'digits',
      variant: 'classical',
      settings: { 'network.layers': [32, 16], 'training.epochs': 3, 'training.batchSize': 32 },
    })
  ).run
  await over(made.id)
  run = (await call('runs.show', { run: made.id })).run
})
after(async () => {
  await engine.close()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

test('the codes of a run are what the run itself has: figures, neighbours and map', async () => {
  const made = await embedded({ encoder: { run: run.id }, data: { dataset: 'digits' } })
  assert.deepEqual(
    [made.run, made.runName, made.dataset, made.count, made.codeSize, made.file],
    [run.id, run.name, 'digits', 600, 16, null],
  )
  assert.deepEqual([made.linearProbeAccuracy, made.knnAccuracy], [run.evaluation!.linearProbeAccuracy, run.evaluation!.knnAccuracy])
  for (const metric of ['euclidean', 'cosine'] as const) {
    const question = { kind: 'neighbours', image: { row: 17 }, count: 6, metric } as const
    const [own, theirs] = [await asked(made.id, question), await askedOfRun(question)]
    assert.deepEqual(
      [own.code.rows, own.pixels.rows, own.label, own.code.labels],
      [theirs.code.rows, theirs.pixels.rows, theirs.label, theirs.code.labels],
    )
    own.code.distances.forEach((distance, i) => assert.ok(Math.abs(distance - theirs.code.distances[i]!) < 1e-4 * (1 + distance)))
    assert.deepEqual(own.code.pictures, theirs.code.pictures)
    assert.equal(own.reconstruction, null)
  }
  const question = { kind: 'map', method: 'pca', count: 50, side: 16 } as const
  const [own, theirs] = [await asked(made.id, question), await askedOfRun(question)]
  assert.deepEqual([own.rows, own.labels, own.pictures], [theirs.rows, theirs.labels, theirs.pictures])
  const scale = Math.max(...theirs.coordinates.map(Math.abs))
  own.coordinates.forEach((value, i) =>
    assert.ok(Math.abs(value - theirs.coordinates[i]!) < 1e-3 * scale, `${i}: ${value} and ${theirs.coordinates[i]}`),
  )
})

test("a foreign encoder's codes, kept and written; removed, they are gone, and the file stays", async () => {
  // Gives every other pixel, as floats in [0, 1] channels first: the code is a part of the image.
  const model: Model = {
    inputs: [{ name: 'pixels', shape: ['batch', 1, 28, 28] }],
    outputs: [{ name: 'features', shape: ['batch', 392] }],
    nodes: [
      { op: 'Flatten', inputs: ['pixels'], outputs: ['flat'] },
      { op: 'Slice', inputs: ['flat', 'starts', 'ends', 'axes', 'steps'], outputs: ['features'] },
    ],
    integers: [
      { name: 'starts', data: [0] },
      { name: 'ends', data: [784] },
      { name: 'axes', data: [1] },
      { name: 'steps', data: [2] },
    ],
  }
  const path = join(folder, 'foreign.onnx'),
    out = join(folder, 'features.parquet')
  writeFileSync(path, onnxFile(model))
  const { encoder, datasets: fitting } = await call('encoders.inspect', { model: path })
  assert.deepEqual(
    [encoder.own, encoder.output, encoder.codeSize, encoder.input.layout, encoder.input.scaleAssumed],
    [false, 'features', 392, 'NCHW', true],
  )
  const { datasets } = await call('datasets.list', {})
  const digits = datasets.find(({ name }) => name === 'digits')!.id
  assert.deepEqual(
    [datasets.length, fitting, await call('encoders.datasets', { run: run.id })],
    [2, [digits], { own: digits, datasets: [digits] }],
  )
  const made = await embedded({ encoder: { model: path }, data: { dataset: 'digits' }, out, name: 'halves' })
  assert.deepEqual([made.name, made.model, made.run, made.codeSize, made.file], ['halves', path, null, 392, out])
  assert.ok(made.linearProbeAccuracy! > 0.5 && made.knnAccuracy! > 0.5)
  const { code, pixels } = await asked(made.id, { kind: 'neighbours', image: { row: 3 }, count: 20 })
  const shared = code.rows.filter((row) => pixels.rows.includes(row)).length
  assert.ok(shared >= 12, `half of the pixels have ${shared} of 20 neighbours in common with all of them`)
  await assert.rejects(asked(made.id, { kind: 'generate' } as never), failure('CALL_INVALID', /map, neighbours/))
  await assert.rejects(
    asked(made.id, { kind: 'neighbours', image: { file: path } }),
    failure('QUESTION_UNSUITABLE', /choose a row of it/),
  )
  await assert.rejects(asked(made.id, { kind: 'neighbours', image: { row: 600 } }), failure('CALL_INVALID', /no row 600/))

  const kept = join(home, 'embeddings', made.id)
  assert.deepEqual(readdirSync(kept).sort(), ['.record.json', 'checksums.json', 'codes.npy'])
  // A bit that a disk has lost is noticed, with a way out that works: embedded again there are the same codes as before.
  const before = readFileSync(join(kept, 'codes.npy'))
  const rotten = Buffer.from(before)
  rotten[4000] = rotten[4000]! ^ 1
  writeFileSync(join(kept, 'codes.npy'), rotten)
  const command = `aebench embed ${path} --dataset digits`
  await assert.rejects(asked(made.id, { kind: 'map' }), (thrown: { code: string; message: string }) => {
    assert.equal(thrown.code, 'FILE_DAMAGED')
    assert.ok(thrown.message.includes(`the checksum of codes.npy is wrong. Embed again: “${command}”`), thrown.message)
    return true
  })
  const again = await embedded({ encoder: { model: path }, data: { dataset: 'digits' } })
  assert.deepEqual(readFileSync(join(home, 'embeddings', again.id, 'codes.npy')), before)
  await call('embeddings.remove', { embedding: again.id })
  await call('embeddings.remove', { embedding: made.id })
  assert.ok(!existsSync(kept) && existsSync(out))
  await assert.rejects(asked(made.id, { kind: 'map' }), failure('CALL_INVALID', /There are no codes/))
})

test('codes of a folder are written and not kept', async () => {
  const out = join(folder, 'folder.npz')
  const made = await embedded({ encoder: { run: run.id }, data: { folder: join(folder, 'digits') }, out })
  assert.deepEqual([made.dataset, made.folder, made.count, made.linearProbeAccuracy], [null, join(folder, 'digits'), 600, null])
  assert.ok(!existsSync(join(home, 'embeddings', made.id)))
  await assert.rejects(
    asked(made.id, { kind: 'map' }),
    failure('QUESTION_UNSUITABLE', /import the folder as a dataset and embed that/),
  )
})

test('codes go with their dataset', async () => {
  const { task } = await call('datasets.import', { name: 'few', path: join(folder, 'digits', '3') })
  await over(task.id)
  const path = join(folder, 'foreign.onnx')
  const made = await embedded({ encoder: { model: path }, data: { dataset: 'few' } })
  assert.deepEqual([made.linearProbeAccuracy, existsSync(join(home, 'embeddings', made.id))], [null, true])
  await call('datasets.remove', { dataset: 'few' })
  assert.ok(!existsSync(join(home, 'embeddings', made.id)))
  assert.ok((await call('embeddings.list', {})).embeddings.every(({ id }) => id !== made.id))
})
