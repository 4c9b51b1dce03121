import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noAugmentation, readAugmentation, writtenAugmentation, type Augmentation } from '../../src/shared/augmentation.ts'
import { augmented } from '../../src/main/engine/network/augment.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'
import { tf, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'
import { CompiledModel } from '../../src/main/engine/training/compiled.ts'
import { PlainModel } from '../fixtures/plainModel.ts'
import type { ModelSpec } from '../../src/main/engine/training/modelSpec.ts'
import { Program } from '../../src/main/engine/training/program.ts'
import { randomness } from '../../src/main/engine/training/randomness.ts'
import { resolveConfig, variantOf, variants } from '../../src/main/engine/variants/index.ts'
import type { Randomness } from '../../src/main/engine/network/randomness.ts'
import { readCheckpoint } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { facts, tiny } from '../fixtures/everySetting.ts'
import { smallDigitsForAll } from '../fixtures/tinyDataset.ts'
import { trainHere } from '../fixtures/trainHere.ts'

/** What augmentation does, against arithmetic written here, and what is drawn for it. Seeds are fixed: what passes once passes always. */
const size = { width: 5, height: 4, channels: 3 }
const values = size.width * size.height * size.channels
const image = Float32Array.from({ length: values }, (_, index) => ((index * 37) % 101) / 100)
const of = (wanted: Partial<Augmentation>): Augmentation => ({ ...noAugmentation, ...wanted })

/** Draws that are given, one row for each image: of flip, flipVertical, shiftX, shiftY, cropScale, cropX, cropY, brightness. */
const given = (draws: number[][]): Randomness => ({ uniform: () => tf.tensor2d(draws) }) as unknown as Randomness
const changed = (wanted: Partial<Augmentation>, draws: number[][]): Float32Array[] =>
  tf.tidy(() => {
    const x = tf.tensor2d(
      draws.flatMap(() => [...image]),
      [draws.length, values],
    )
    const found = augmented(x as Tensor2D, size, of(wanted), given(draws)).dataSync<'float32'>()
    return draws.map((_, at) => found.slice(at * values, (at + 1) * values))
  })
const pixel = (y: number, x: number, c: number): number => image[(y * size.width + x) * size.channels + c]!
/** An image whose values come from places of the first one, between pixels bilinearly, beyond the edge from the edge. */
function sampled(rows: (y: number) => number, columns: (x: number) => number): number[] {
  const within = (at: number, length: number) => Math.max(0, Math.min(length - 1, at))
  return Array.from({ length: values }, (_, index) => {
    const c = index % size.channels,
      x = Math.floor(index / size.channels) % size.width,
      y = Math.floor(index / size.channels / size.width)
    const sy = within(rows(y), size.height),
      sx = within(columns(x), size.width)
    const [y0, x0] = [Math.floor(sy), Math.floor(sx)],
      [fy, fx] = [sy - y0, sx - x0]
    const [y1, x1] = [Math.min(y0 + 1, size.height - 1), Math.min(x0 + 1, size.width - 1)]
    return (
      (1 - fy) * ((1 - fx) * pixel(y0, x0, c) + fx * pixel(y0, x1, c)) + fy * ((1 - fx) * pixel(y1, x0, c) + fx * pixel(y1, x1, c))
    )
  })
}
const same = (y: number) => y

test('flips and shifts move the values of an image and make no new ones', () => {
  const draws = [
    [0.2, 0.7, 0.01, 0.99, 0, 0, 0, 0],
    [0.8, 0.1, 0.5, 0.3, 0, 0, 0, 0],
  ]
  assert.deepEqual(
    changed({ flip: true }, draws).map((each) => [...each]),
    [sampled(same, (x) => 4 - x), sampled(same, same)],
  )
  assert.deepEqual(
    changed({ flipVertical: true }, draws).map((each) => [...each]),
    [sampled(same, same), sampled((y) => 3 - y, same)],
  )
  // Of five places from -2 to 2 these draws take the first and the last, then the middle and the second.
  assert.deepEqual(
    changed({ shift: 2 }, draws).map((each) => [...each]),
    [
      sampled(
        (y) => y - 2,
        (x) => x + 2,
      ),
      sampled((y) => y + 1, same),
    ],
  )
  assert.deepEqual(
    changed({ flip: true, flipVertical: true, shift: 2 }, draws).map((each) => [...each]),
    [
      sampled(
        (y) => y - 2,
        (x) => 4 - x + 2,
      ),
      sampled((y) => 3 - y + 1, same),
    ],
  )
})

test('a crop is a window of the drawn size at the drawn place, brought back to size bilinearly', () => {
  const [scale, startX, startY] = [0.75, 0.25, 1]
  const found = changed({ crop: 0.5 }, [[0, 0, 0, 0, 0.5, startX, startY, 0]])[0]!
  const placed = (at: number, size: number, start: number) => (at + 0.5) * scale - 0.5 + start * (size - size * scale)
  const wanted = sampled(
    (y) => placed(y, 4, startY),
    (x) => placed(x, 5, startX),
  )
  found.forEach((value, index) =>
    assert.ok(Math.abs(value - wanted[index]!) < 1e-6, `${index}: ${value} instead of ${wanted[index]}`),
  )
  const whole = changed({ crop: 0.5 }, [[0, 0, 0, 0, 1, 0.3, 0.6, 0]])[0]!
  whole.forEach((value, index) => assert.ok(Math.abs(value - image[index]!) < 1e-6))
})

test('brightness adds one number to all values of an image and keeps them in [0, 1]', () => {
  const found = changed({ brightness: 0.2 }, [
    [0, 0, 0, 0, 0, 0, 0, 1],
    [0, 0, 0, 0, 0, 0, 0, 0.25],
  ])
  for (const [at, by] of [
    [0, 0.2],
    [1, -0.1],
  ] as const) {
    found[at]!.forEach((value, index) => assert.ok(Math.abs(value - Math.max(0, Math.min(1, image[index]! + by))) < 1e-6))
  }
})

test('half of the images are mirrored, every shift comes as often as another, anew in each step and again for the same one', () => {
  const count = 20_000,
    line = { width: 9, height: 1, channels: 1 }
  const places = Array.from({ length: 9 }, (_, index) => index / 8)
  const drawnAt = (wanted: Partial<Augmentation>, step: number): number[][] =>
    tf.tidy(() => {
      const random = randomness(tf.tensor1d([7, step], 'int32'), tf.tensor1d(new Int32Array(count), 'int32'))
      const found = augmented(tf.tensor2d([places]).tile([count, 1]) as Tensor2D, line, of(wanted), random).arraySync()
      return found.map((row) => row.map((value) => Math.round(value * 8)))
    })
  const mirrored = drawnAt({ flip: true }, 1).filter((row) => row[0] === 8).length / count
  assert.ok(Math.abs(mirrored - 0.5) < 5 * Math.sqrt(0.25 / count), `${mirrored} are mirrored`)
  const middles = drawnAt({ shift: 3 }, 1).map((row) => row[4]!)
  for (let by = -3; by <= 3; by++) {
    const share = middles.filter((at) => at === 4 - by).length / count
    assert.ok(Math.abs(share - 1 / 7) < 5 * Math.sqrt(((1 / 7) * (6 / 7)) / count), `${share} are moved by ${by}`)
  }
  assert.deepEqual(
    drawnAt({ shift: 3 }, 1).map((row) => row[4]),
    middles,
  )
  const again = drawnAt({ shift: 3 }, 2).map((row) => row[4]!)
  const alike = again.filter((at, index) => at === middles[index]).length / count
  assert.ok(Math.abs(alike - 1 / 7) < 5 * Math.sqrt(((1 / 7) * (6 / 7)) / count), `${alike} are moved as in the step before`)
})

test('the setting is read with spaces and in any order, stored in one, and refused in a sentence', () => {
  const of4 = { ...facts, size: { width: 4, height: 4, channels: 1 } }
  const stored = (text: unknown, of = of4) =>
    resolveConfig('classical', { 'data.augment': text, 'training.batchSize': 8 }, of as never)
  assert.equal(stored(' crop=0.80, shift=2 ,flip').config!.data.augment, 'flip,shift=2,crop=0.8')
  for (const nothing of ['', 'none', 'shift=0', 'crop=1,brightness=0'])
    assert.equal(stored(nothing).config!.data.augment, 'none', nothing)
  for (const wrong of [
    'flop',
    'shift',
    'shift=1.5',
    'shift=-1',
    'crop=0',
    'crop=2',
    'brightness=x',
    'flip=1',
    'flip,flip',
    'shift=1=2',
  ]) {
    const { problems } = stored(wrong)
    assert.deepEqual(
      problems.map(({ field }) => field),
      ['data.augment'],
      wrong,
    )
    assert.match(problems[0]!.message, /data\.augment[^]*\.$/)
  }
  // Where these images allow no such thing, and where there are none.
  for (const [text, of] of [
    ['shift=3', of4],
    ['crop=0.3', of4],
    ['flip', { ...facts, size: { width: 1, height: 16, channels: 1 } }],
    ['flipVertical', { ...facts, size: { width: 16, height: 1, channels: 1 } }],
    ['flip', { ...facts, kind: 'vector' }],
  ] as const)
    assert.equal(stored(text, of as never).problems[0]?.field, 'data.augment', text)
  assert.match(
    resolveConfig('classical', { data: { augment: 'crop=0.8', binarise: 'fixed' } }).problems[0]!.message,
    /drawn as 0 or 1/,
  )
  const back = readAugmentation('flip,flipVertical,shift=4,crop=0.8,brightness=0.1')
  assert.ok(typeof back !== 'string')
  assert.equal(writtenAugmentation(back), 'flip,flipVertical,shift=4,crop=0.8,brightness=0.1')
})

const data = smallDigitsForAll('augment', 200)
const all = 'flip,flipVertical,shift=1,crop=0.7,brightness=0.2'
const specOf = (id: string, augment: string): ModelSpec => {
  const variant = variantOf(id)
  const size = { width: 4, height: 4, channels: 1 }
  const { config, problems } = resolveConfig(id, { ...tiny(variant), 'data.augment': augment }, { ...facts, size })
  assert.deepEqual(problems, [])
  return { variant, config: config!, input: size, kind: 'image' }
}
const stepsOf = (model: CompiledModel | PlainModel, count: number) =>
  Array.from({ length: count }, (_, index) => {
    const rows = Uint32Array.from({ length: 8 }, (__, row) => index * 8 + row)
    const bytes = new Uint8Array(8 * 16)
    data.dataset.gather(rows, bytes)
    return [...model.step(bytes, rows, 3, index + 1, 0.001).terms]
  })

for (const { id } of variants.filter(({ objective }) => objective)) {
  test(`${id}: compiled steps on changed images have the losses of plain ones, and other ones than on images as they are`, () => {
    const run = (augment: string) => {
      const spec = specOf(id, augment),
        compiled = new CompiledModel(spec, [8])
      compiled.load(Object.fromEntries(compiled.specs.map((weight) => [weight.name, initialValues(weight, 3)])))
      const batch = new Uint8Array(8 * 16),
        rows = Uint32Array.from({ length: 8 }, (_, row) => row)
      data.dataset.gather(rows, batch)
      const validated = [...compiled.validate(batch, rows, 3, -1)]
      const found = { compiled: stepsOf(compiled, 4), plain: stepsOf(new PlainModel(spec, 3), 4), validated }
      compiled.close()
      return found
    }
    const { compiled, plain, validated } = run(all),
      unchanged = run('none')
    compiled.forEach((terms, step) =>
      terms.forEach((value, term) => {
        const other = plain[step]![term]!
        assert.ok(Math.abs(value - other) <= 1e-4 * Math.abs(value) + 1e-6, `step ${step + 1}: ${value} and ${other}`)
      }),
    )
    assert.notDeepEqual(compiled, unchanged.compiled)
    assert.deepEqual(validated, unchanged.validated, 'validation sees images as they are')
  })
}

test('without augmentation the graph has nothing of it', () => {
  const graphOf = (augment: string) =>
    Buffer.from(new Program(specOf('classical', augment), [8]).graph.savedModel('train')).toString('latin1')
  for (const part of ['GatherV2', 'StatelessRandomUniform']) {
    assert.ok(!graphOf('none').includes(part), part)
    assert.ok(graphOf('shift=1').includes(part), part)
  }
})

test('a run that was interrupted goes on with the same changes, bit for bit', async () => {
  const { config } = specOf('denoising', all)
  const job = (resume: boolean, runFolder: string) => ({
    kind: 'train' as const,
    runId: 'r',
    runFolder,
    datasetFolder: data.folder,
    variant: 'denoising',
    config,
    seed: 3,
    resume,
  })
  const whole = data.runFolder(),
    parts = data.runFolder()
  await trainHere(job(false, whole))
  await assert.rejects(trainHere(job(false, parts), (message) => message.type === 'points'))
  await trainHere(job(true, parts))
  assert.deepEqual(readCheckpoint(parts, 'last').state, readCheckpoint(whole, 'last').state)
})
