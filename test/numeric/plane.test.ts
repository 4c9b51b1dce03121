import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { CallInput } from '../../src/shared/calls.ts'
import { moons, planePoints } from '../../src/main/engine/data/sets/plane.ts'
import { temporaryFolder, testEngine, type TestEngine } from '../fixtures/homes.ts'

async function taskDone(engine: TestEngine, id: string): Promise<string> {
  const task = await engine.next((event) =>
    event.type === 'task' && event.task.id === id && event.task.state !== 'running' ? event.task : undefined,
  )
  assert.equal(task.state, 'done', JSON.stringify(task.error))
  return task.result!
}
const add = async (engine: TestEngine, input: CallInput<'datasets.import'>) =>
  taskDone(engine, (await engine.call('datasets.import', input)).task.id)

const pairs = (values: Float32Array): [number, number][] =>
  Array.from({ length: values.length / 2 }, (_, i) => [values[2 * i]!, values[2 * i + 1]!])
const meanOf = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const squaredError = (from: Float32Array, to: Float32Array): number =>
  2 * meanOf(Array.from(from, (value, i) => (value - to[i]!) ** 2))

/** Squared distance of standardised points from the two half circles of `moons`. */
function distanceFromMoons(values: Float32Array): number {
  const raw = pairs(Float32Array.from(planePoints(moons, 2000, 1).points))
  const [x, y] = [0, 1].map((column) => {
    const middle = meanOf(raw.map((point) => point[column]!))
    return { middle, deviation: Math.sqrt(meanOf(raw.map((point) => (point[column]! - middle) ** 2))) }
  })
  const curve = Array.from({ length: 500 }, (_, i) => (Math.PI * i) / 499)
    .flatMap((a) => [
      [Math.cos(a), Math.sin(a)],
      [1 - Math.cos(a), 0.5 - Math.sin(a)],
    ])
    .map(([a, b]) => [(a! - x!.middle) / x!.deviation, (b! - y!.middle) / y!.deviation])
  return meanOf(pairs(values).map(([a, b]) => Math.min(...curve.map(([c, d]) => (a - c!) ** 2 + (b - d!) ** 2))))
}

test('runs on points of the plane: defaults that suit them, sane figures, and points to look at', async (t) => {
  const folder = temporaryFolder(t)
  const engine = testEngine(t, join(folder, 'home'), { workerScript: undefined })
  const dataset = await add(engine, { path: 'moons' })

  const { config, fields } = await engine.call('runs.check', { dataset, variant: 'classical' })
  assert.deepEqual([config!.network.outputActivation, config!.reconstruction], ['linear', 'squaredError'])
  assert.equal(fields.find((field) => field.key === 'network.outputActivation')!.default, 'linear')
  const refused = await engine.call('runs.check', { dataset, variant: 'classical', settings: { reconstruction: 'crossEntropy' } })
  assert.match(
    refused.problems.map(({ message }) => message).join(),
    /^This dataset has values outside [^;]*; set reconstruction to squaredError\.$/,
  )

  const train = async (variant: string, settings: Record<string, unknown> = {}) => {
    const {
      run: { id },
    } = await engine.call('runs.create', { dataset, variant, settings })
    const run = await engine.until(id, 'completed', 'failed', 'diverged')
    assert.equal(run.state, 'completed', JSON.stringify(run.error))
    const { moments, originals, points, labels } = await engine.call('runs.moments', { run: id })
    const { preview } = await engine.call('runs.preview', { run: id, step: moments.at(-1)!.step })
    const evaluation = run.evaluation!
    assert.deepEqual(
      [evaluation.crossEntropy, evaluation.psnr, originals, preview.reconstructions, preview.filters],
      [null, null, null, null, null],
    )
    assert.deepEqual([points!.count, labels.length, new Set(labels).size], [300, 300, 2])
    // All test points are among the preview's, so its error is the evaluation's.
    const error = squaredError(points!.values, preview.points!.reconstructions.values)
    assert.ok(Math.abs(error - evaluation.squaredError!) <= 1e-4 * Math.max(1e-2, error), `${error} and ${evaluation.squaredError}`)
    assert.ok(evaluation.linearProbeAccuracy! > 0.75 && evaluation.knnAccuracy! > 0.75)
    assert.ok(Object.values(evaluation.robustness!.gaussian).every((value) => value! > 0) && evaluation.jacobianNorm! > 0)
    return { run, moments, points: points!, shown: preview.points!, error }
  }

  const pca = await train('pca')
  assert.deepEqual(pca.run.config.network.layers, [1])
  // One component keeps a line; what is lost is the smaller eigenvalue, one less the correlation.
  const test = pairs(pca.points.values),
    correlation = meanOf(test.map(([x, y]) => x * y))
  assert.ok(Math.abs(pca.error - (1 - Math.abs(correlation))) < 0.1, `${pca.error} and ${correlation}`)
  const [[x, y], ...others] = pairs(pca.shown.reconstructions.values) as [[number, number], ...[number, number][]]
  const [[u, v]] = others as [[number, number]]
  for (const [a, b] of others) assert.ok(Math.abs((a - x) * (v - y) - (b - y) * (u - x)) < 1e-4)

  const classical = await train('classical')
  assert.ok(classical.error < 0.01 && classical.moments[0]!.step === 0 && classical.moments.length > 5)
  const { preview: before } = await engine.call('runs.preview', { run: classical.run.id, step: 0 })
  assert.ok(squaredError(classical.points.values, before.points!.reconstructions.values) > 0.5)
  assert.equal(classical.shown.corrupted, null)

  // Denoising pulls points towards the data.
  const denoising = await train('denoising', { regularizer: { noise: 'gaussian' }, training: { epochs: 60 } })
  const { corrupted, denoised } = denoising.shown
  const noise = squaredError(denoising.points.values, corrupted!.values)
  assert.ok(Math.abs(noise - 2 * 0.3 ** 2) < 0.03, `noise of ${noise}`)
  const [far, near] = [distanceFromMoons(corrupted!.values), distanceFromMoons(denoised!.values)]
  assert.ok(near < 0.75 * far, `${far} before, ${near} after`)

  const file = join(folder, 'encoder.onnx')
  await taskDone(
    engine,
    (await engine.call('exports.create', { run: classical.run.id, part: 'encoder', out: file, input: 'raw' })).task.id,
  )
  const { exports } = await engine.call('exports.list', {})
  assert.deepEqual(exports[0]!.inputs, [{ name: 'x', type: 'float32', shape: ['N', 2] }])
  assert.ok(exports[0]!.maxAbsDiff < 1e-4)
})

test('points of a dataset: filtered, thinned evenly, and refused for images', async (t) => {
  const engine = testEngine(t, temporaryFolder(t))
  const moons = await add(engine, { path: 'moons' })
  const all = await engine.call('datasets.points', { dataset: moons, count: 20_000 })
  assert.deepEqual([all.total, all.points.count, all.points.values.length, all.labels.length], [2000, 2000, 4000, 2000])
  const lower = await engine.call('datasets.points', { dataset: moons, count: 20_000, split: 'test', label: 1 })
  assert.deepEqual([lower.total, new Set(lower.labels)], [150, new Set([1])])
  assert.ok(meanOf(pairs(lower.points.values).map(([, y]) => y)) < -0.3)
  const few = await engine.call('datasets.points', { dataset: moons, count: 100 })
  assert.deepEqual([few.total, few.points.count], [2000, 100])
  assert.deepEqual(
    pairs(few.points.values),
    pairs(all.points.values).filter((_, i) => i % 20 === 0),
  )
  const pixels = await add(engine, { path: 'random', count: 20, width: 2, height: 1 })
  await assert.rejects(engine.call('datasets.points', { dataset: pixels, count: 5 }), { code: 'CALL_INVALID', field: 'dataset' })
  await assert.rejects(engine.call('datasets.import', { path: 'moons', count: 0 }), { code: 'CALL_INVALID', field: 'count' })
})
