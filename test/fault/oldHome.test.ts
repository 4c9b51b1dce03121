import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { unzipSync } from 'fflate'
import type { Evaluation } from '../../src/shared/domain.ts'
import { writeDigitFolder } from '../fixtures/digitFolder.ts'
import { made, temporaryFolder, testEngine } from '../fixtures/homes.ts'

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/oldHome/${name}`, import.meta.url))
interface Kept {
  id: string
  evaluation: Evaluation
  codes: string[]
}

/** Other processors sum in another order: numbers are compared to six digits, all else as it is. */
function closeTo(found: unknown, wanted: unknown, place: string): void {
  if (typeof wanted === 'number' && typeof found === 'number') {
    assert.ok(Math.abs(found - wanted) <= 1e-5 * Math.max(1, Math.abs(wanted)), `${place}: ${found} for ${wanted}`)
  } else if (wanted !== null && typeof wanted === 'object' && found !== null && typeof found === 'object') {
    for (const [key, value] of Object.entries(wanted)) {
      if (key !== 'seconds' && key !== 'version') closeTo((found as Record<string, unknown>)[key], value, `${place}.${key}`)
    }
  } else assert.deepEqual(found, wanted, place)
}

test('a home of version 0.1.0 opens: its runs are measured, encoded, continued and exported as they were then', async (t) => {
  const folder = temporaryFolder(t)
  for (const [path, bytes] of Object.entries(unzipSync(readFileSync(fixture('home-0.1.0.zip'))))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), bytes)
  }
  const digits = join(folder, 'digits')
  writeDigitFolder(digits, 120)
  const expected = JSON.parse(readFileSync(fixture('expected.json'), 'utf8')) as Record<string, Kept>
  const engine = testEngine(t, join(folder, 'home'), { workerScript: undefined })
  const { runs } = await engine.call('runs.list', {})
  const named = (name: string) => runs.find((run) => run.name === name)!
  assert.equal(runs.length, Object.keys(expected).length + 5)
  for (const [name, { id, evaluation }] of Object.entries(expected)) {
    assert.deepEqual([named(name).id, named(name).state], [id, 'completed'])
    closeTo(named(name).evaluation, evaluation, name)
  }

  // Written by the version of then, read by this one: the same network comes out of each checkpoint.
  for (const [name, { id, evaluation, codes }] of Object.entries(expected)) {
    await made(engine, await engine.call('runs.evaluate', { run: id }))
    const again = (await engine.call('runs.show', { run: id })).run.evaluation!
    // Then there was one draw of each code for the bound; now there are as many as its error asks for.
    if (again.elbo !== null)
      assert.ok(
        Math.abs(again.elbo - evaluation.elbo!) < 4.5 * again.elboError! * Math.sqrt(again.elboDraws!),
        `${name}: ${again.elbo}`,
      )
    closeTo({ ...again, elbo: evaluation.elbo }, evaluation, `${name}, measured again`)
    const out = join(folder, `${name}.csv`)
    await made(engine, await engine.call('embeddings.create', { encoder: { run: id }, data: { folder: digits }, out }))
    const rows = (lines: string[]) =>
      lines.map((line) =>
        line
          .trim()
          .split(',')
          .map((text) => (Number.isNaN(Number(text)) ? text : Number(text))),
      )
    closeTo(rows(readFileSync(out, 'utf8').trim().split('\n').slice(1, 6)), rows(codes), `codes of ${name}`)
  }

  const { height, width, channels } = (await engine.call('datasets.list', {})).datasets.find(({ name }) => name === 'digits')!
  const { torch } = await engine.call('exports.loader', { run: named('classical').id })
  const sides = `[N, ${height}, ${width}, ${channels}]`
  assert.ok(height > 1 && torch.includes(sides), `the loader says how images lie, which checkpoints of then do not: ${torch}`)

  const onnx = join(folder, 'onnx.csv')
  await made(
    engine,
    await engine.call('embeddings.create', {
      encoder: { model: join(folder, 'encoder.onnx') },
      data: { folder: digits },
      out: onnx,
    }),
  )
  const values = (file: string) =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((row) => row.split(',').slice(2).map(Number))
  closeTo(values(onnx), values(join(folder, 'classical.csv')), 'codes of the exported encoder')

  // Same seed, same settings: what is trained now begins and goes as it did then.
  for (const name of ['classical', 'tied', 'variational', 'stacked', 'machine']) {
    const { config, variant, seed } = named(name)
    const { run } = await engine.call('runs.create', { dataset: 'digits', variant, seed, settings: config, name: `${name} again` })
    const ended = await engine.until(run.id, 'completed', 'failed', 'diverged')
    closeTo(ended.evaluation?.squaredError, expected[name]!.evaluation.squaredError, `${name}, trained again`)
    // Dead units were not counted then.
    const curves = async (id: string) =>
      (await engine.call('runs.series', { run: id })).series.filter(
        ({ key }) => !/second|rate|deadUnits|pseudoLikelihood/i.test(key),
      )
    closeTo(await curves(run.id), await curves(expected[name]!.id), `curves of ${name}, trained again`)
  }

  const { id, epoch } = named('paused')
  assert.ok(epoch > 0)
  await engine.call('runs.resume', { run: id })
  const resumed = await engine.until(id, 'completed', 'failed')
  assert.equal(resumed.state, 'completed', resumed.error?.message)
  // It came to what the same training comes to without a pause; another processor may lead to another last digit.
  const { config, variant, seed } = resumed
  const { run: whole } = await engine.call('runs.create', {
    dataset: 'digits',
    variant,
    seed,
    settings: config,
    name: 'without a pause',
  })
  const { evaluation } = await engine.until(whole.id, 'completed', 'failed')
  const [one, other] = [resumed.evaluation!.squaredError!, evaluation!.squaredError!]
  assert.ok(Math.abs(one - other) < 0.01 * other, `${one} resumed, ${other} without a pause`)

  const elsewhere = testEngine(t, join(folder, 'elsewhere'), { workerScript: undefined })
  await made(elsewhere, await elsewhere.call('experiments.unpack', { file: join(folder, 'two.zip') }))
  assert.deepEqual(
    (await elsewhere.call('runs.list', {})).runs.map(({ state }) => state),
    Array(4).fill('completed'),
  )
})
