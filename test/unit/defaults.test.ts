import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Settings } from '../../src/shared/config.ts'
import type { Dataset } from '../../src/shared/domain.ts'
import { pixelKind } from '../../src/main/engine/data/pixelKind.ts'
import { trainingRows } from '../../src/shared/split.ts'
import { expandPlan } from '../../src/main/engine/experiments/plan.ts'
import { planTemplates } from '../../src/main/engine/experiments/templates.ts'
import { homeAt } from '../../src/main/engine/home.ts'
import { resolveConfig, variantInfos } from '../../src/main/engine/variants/index.ts'
import type { Facts } from '../../src/main/engine/variants/variant.ts'
import { plan, request } from '../../src/renderer/components/start/plan.ts'
import { digits } from '../fixtures/digits.ts'
import { sampleDataset, temporaryFolder } from '../fixtures/homes.ts'

const variants = variantInfos().map(({ id }) => id)
const isPowerOfTwo = (size: number) => Number.isInteger(Math.log2(size))

/** Images of which a value is given by place, channel and number, as an opened dataset. */
function images(
  count: number,
  side: number,
  channels: number,
  valueAt: (x: number, y: number, channel: number, image: number) => number,
) {
  const rowSize = side * side * channels
  const pixels = Uint8Array.from({ length: count * rowSize }, (_, at) => {
    const within = at % rowSize,
      place = Math.floor(within / channels)
    return Math.round(
      255 *
        Math.min(
          1,
          Math.max(0, valueAt((place % side) / side, Math.floor(place / side) / side, within % channels, Math.floor(at / rowSize))),
        ),
    )
  })
  return opened(pixels, count, rowSize, channels)
}
const opened = (pixels: Uint8Array, count: number, rowSize: number, channels = 1) => ({
  train: new Uint32Array(count).map((_, row) => row),
  rowSize,
  channels,
  gather: (rows: ArrayLike<number>, out: Uint8Array | Float32Array) => {
    Array.from(rows, (row, at) => out.set(pixels.subarray(row * rowSize, (row + 1) * rowSize), at * rowSize))
  },
})
/** A fixed sequence that looks random. */
const noise = (x: number, y: number, channel: number, image: number) =>
  Math.abs(Math.sin(x * 1271.1 + y * 3117.7 + channel * 741.3 + image * 89.7) * 43758.5453) % 1
const hue = (x: number, _: number, channel: number) => Math.min(1, Math.max(0, Math.abs(((x * 6 + channel * 2) % 6) - 3) - 1))

test('photographs are told from digits by their pixels: colour, or gray that is not nearly black and white', () => {
  const ink = digits(300)
  const kinds: [string, ReturnType<typeof opened>, string][] = [
    ['digits', opened(ink, 300, 784), 'nearlyBinary'],
    [
      'digits as colour',
      images(20, 28, 3, (x, y, _, image) => ink[image * 784 + Math.round(y * 28) * 28 + Math.round(x * 28)]! / 255),
      'nearlyBinary',
    ],
    ['line drawings', images(20, 16, 1, (x, y) => (Math.abs(x - y) < 0.1 ? 1 : 0)), 'nearlyBinary'],
    ['black', images(5, 4, 1, () => 0), 'nearlyBinary'],
    ['white', images(5, 4, 3, () => 1), 'nearlyBinary'],
    ['signs of pure colours', images(9, 8, 3, (x, _, channel) => Number(x > 0.5 === (channel === 0))), 'nearlyBinary'],
    [
      'coloured discs on black',
      images(9, 16, 3, (x, y, channel) => (Math.hypot(x - 0.4, y - 0.5) < 0.15 ? hue(x, y, channel) : 0)),
      'colour',
    ],
    ['gradients', images(9, 16, 1, (x) => x), 'gray'],
    ['textures', images(9, 32, 1, (x, y) => 0.5 + 0.5 * Math.sin(20 * x + 9 * y)), 'gray'],
    ['noise', images(9, 16, 1, noise), 'gray'],
    ['one shade', images(9, 1, 1, () => 0.4), 'gray'],
    ['colour gradients', images(9, 16, 3, (x, y, channel) => [x, y, 1 - x][channel]!), 'colour'],
    ['colour noise', images(9, 16, 3, noise), 'colour'],
    ['a circle of hues', images(3, 64, 3, hue), 'colour'],
    [
      'cells that glow on black',
      images(9, 32, 1, (x, y, _, image) => (Math.hypot(x - 0.4, y - 0.5) < 0.15 ? 0.7 + 0.2 * noise(x, y, 0, image) : 0)),
      'glowing',
    ],
    ['dark', images(9, 16, 3, (x, y, channel, image) => 0.15 * noise(x, y, channel, image)), 'colour'],
  ]
  assert.deepEqual(
    kinds.map(([name, dataset]) => [name, pixelKind(dataset)]),
    kinds.map(([name, , kind]) => [name, kind]),
  )
})

test('photographs default to squared error and a Gaussian likelihood, digits to what was published, and what is set wins', () => {
  const digitFacts: Facts = { rowSize: 784, trainCount: 60_000, kind: 'image', classes: 10, pixels: 'nearlyBinary' }
  const values = (variant: string, facts: Facts, settings = {}) => {
    const { config, problems } = resolveConfig(variant, settings, facts)
    assert.deepEqual(problems, [], variant)
    return config!
  }
  for (const variant of variants) {
    const { network, training, reconstruction, regularizer } = values(variant, digitFacts)
    const unknown = values(variant, {})
    assert.deepEqual(
      [network, training, reconstruction, regularizer],
      [unknown.network, unknown.training, unknown.reconstruction, unknown.regularizer],
      `${variant} on digits`,
    )
  }
  assert.equal(values('classical', digitFacts).reconstruction, 'crossEntropy')
  for (const pixels of ['gray', 'colour'] as const) {
    const facts: Facts = { rowSize: 3072, trainCount: 5000, kind: 'image', pixels }
    for (const variant of variants) {
      const { fields, fromData, warnings } = resolveConfig(variant, {}, facts)
      const own = values(variant, facts)
      if (fields.some(({ key }) => key === 'reconstruction')) {
        assert.equal(own.reconstruction, 'squaredError', variant)
        assert.match(
          fromData.join(),
          pixels === 'colour'
            ? /Reconstruction: squared error, because these are colour images\./
            : /Reconstruction: squared error, because .* gray/,
        )
        const chosen = resolveConfig(variant, { reconstruction: 'crossEntropy' }, facts)
        assert.equal(chosen.config!.reconstruction, 'crossEntropy')
        assert.match(chosen.warnings.join(), /Cross-entropy is the likelihood of pixels that are 0 or 1.*of them it is none/)
        assert.doesNotMatch(chosen.fromData.join(), /Reconstruction/)
        assert.deepEqual(
          [values(variant, facts, { 'data.binarise': 'dynamic' }).reconstruction],
          ['crossEntropy'],
          'drawn as 0 or 1',
        )
      }
      if ('decoder' in own.regularizer) {
        assert.equal(own.regularizer['decoder'], 'gaussian')
        assert.match(fromData.join(), /Decoder: Gaussian, because/)
        const convolved = resolveConfig(variant, {}, { ...facts, size: { width: 40, height: 30, channels: 3 }, rowSize: 3600 })
        assert.match(convolved.fromData.join(), /Decoder: Gaussian with one variance, because/)
        const chosen = resolveConfig(variant, { 'regularizer.decoder': 'bernoulli' }, facts)
        assert.equal(chosen.config!.regularizer['decoder'], 'bernoulli')
        assert.match(chosen.warnings.join(), /bound is not a likelihood/)
        assert.equal(values(variant, facts, { 'data.binarise': 'fixed' }).regularizer['decoder'], 'bernoulli')
      }
      assert.doesNotMatch(warnings.join(), variant === 'rbm' ? /Cross-entropy/ : /likelihood/)
    }
  }
})

test('nearly black photographs are trained as ink is, and it is said that they are none', () => {
  const facts: Facts = { rowSize: 784, trainCount: 5000, kind: 'image', pixels: 'glowing' }
  for (const variant of variants) {
    const { config, warnings } = resolveConfig(variant, {}, facts)
    assert.deepEqual(config, resolveConfig(variant, {}, { ...facts, pixels: 'nearlyBinary' }).config, variant)
    const likelihood = 'decoder' in config!.regularizer || variant === 'rbm'
    if (config!.reconstruction === 'crossEntropy' || likelihood)
      assert.match(warnings.join(), /these are nearly black images of many shades of gray/, variant)
    assert.doesNotMatch(resolveConfig(variant, { 'data.binarise': 'fixed' }, facts).warnings.join(), /nearly black/)
  }
})

test('a remedy is what would be the default', () => {
  const facts: Facts = {
    rowSize: 12_288,
    size: { width: 64, height: 64, channels: 3 },
    trainCount: 5000,
    kind: 'image',
    pixels: 'colour',
  }
  for (const convolutions of ['16x3s2', 'none']) {
    const given = { 'network.convolutions': convolutions }
    const { config } = resolveConfig('variational', given, facts)
    const { warnings } = resolveConfig('variational', { ...given, 'regularizer.decoder': 'bernoulli' }, facts)
    assert.match(warnings.join(), new RegExp(`set regularizer.decoder to ${String(config!.regularizer['decoder'])}, or`))
  }
})

/** Sizes of data: from the fewest images that can be imported, and from images of one pixel. */
const grid: Facts[] = [3, 4, 5, 7, 12, 33, 46, 150].flatMap((count) => {
  const trainCount = count - Math.max(1, Math.round(count * 0.15))
  const shapes = [
    [1, 'image'],
    [2, 'image'],
    [3, 'image'],
    [16, 'image'],
    [100, 'image'],
    [12_288, 'image'],
    [2, 'vector'],
    [1, 'vector'],
  ] as const
  return shapes.flatMap(([rowSize, kind]) =>
    [0, 1, 2].map((classes) => ({
      rowSize,
      kind,
      trainCount,
      classes,
      ...(kind === 'image' ? { pixels: rowSize % 3 === 0 ? ('colour' as const) : ('nearlyBinary' as const) } : {}),
    })),
  )
})
const said = ({ rowSize, kind, trainCount, classes }: Facts) => `${trainCount} rows of ${rowSize} (${kind}), ${classes} classes`

test('whatever the size of the data, the defaults of every variant can be started', () => {
  for (const facts of grid) {
    const seen = trainingRows({ trainCount: facts.trainCount! })
    for (const variant of variants) {
      const forms = [
        {},
        ...resolveConfig(variant, {}, facts)
          .fields.filter(({ key, choices }) => key === 'pretraining.kind' && choices)
          .flatMap(() => [
            { 'pretraining.kind': 'greedy' },
            ...(facts.classes! > 1
              ? [{ 'fineTuning.kind': 'classification' }, { 'fineTuning.kind': 'classification', 'fineTuning.labelled': 2 }]
              : []),
          ]),
        // A batch of one image has no variance.
        ...(seen > 1 &&
        resolveConfig(variant, {}, facts).fields.some(({ key, choices }) => key === 'network.normalisation' && choices)
          ? [{ 'network.normalisation': 'batch' }]
          : []),
      ]
      for (const settings of forms) {
        const { config, problems } = resolveConfig(variant, settings, facts)
        // Of networks that are pretrained tied, some variants cannot be: that is said whatever the data.
        const always =
          problems.length === 0
            ? []
            : resolveConfig(variant, settings, { ...facts, rowSize: 784, trainCount: 60_000 }).problems.map(({ field }) => field)
        assert.deepEqual(
          problems.filter(({ field }) => !always.includes(field) && field !== 'fineTuning.labelled'),
          [],
          `${variant} ${JSON.stringify(settings)} on ${said(facts)}`,
        )
        if (config === null) continue
        const { batchSize } = config.training
        if (variants.indexOf(variant) > 0)
          assert.ok(
            batchSize <= seen && (isPowerOfTwo(batchSize) || (batchSize === 20 && 'fineTuning.labelled' in settings)),
            `${variant}: ${batchSize} on ${said(facts)}`,
          )
        assert.ok(config.pretraining.batchSize <= seen)
        const code = config.network.layers.at(-1)!
        if (facts.kind === 'image')
          assert.ok(
            code <= facts.rowSize! && config.network.layers.every((size) => size <= Math.max(2 * facts.rowSize!, 1)),
            `${variant}: ${config.network.layers} on ${said(facts)}`,
          )
      }
    }
  }
})

const datasetOf = ({ rowSize, kind, trainCount, classes }: Facts): Dataset => {
  const count = trainCount! + Math.max(1, Math.round(trainCount! * 0.15))
  const names = ['a', 'b'].slice(0, classes)
  return {
    ...sampleDataset,
    count,
    testCount: count - trainCount!,
    width: rowSize!,
    height: 1,
    channels: 1,
    kind: kind!,
    classes: names,
    classCounts: names.map((_, at) => (at === 0 ? count - names.length + 1 : 1)),
  }
}

test('the first comparison and every template fit data of every size, or say why not', (t) => {
  const home = homeAt(temporaryFolder(t))
  // Five is prime to the sizes of the grid: all of each are met.
  for (const facts of grid.filter((_, at) => at % 5 === 0)) {
    const dataset = datasetOf(facts)
    for (const line of plan) {
      const { variant, settings } = request(line, dataset)
      const { config, problems } = resolveConfig(variant, settings ?? {}, facts)
      assert.deepEqual(problems, [], `${variant} on ${said(facts)}`)
      if (line.trained) assert.ok(isPowerOfTwo(config!.training.batchSize))
      if (facts.kind === 'image') assert.ok(config!.network.layers.at(-1)! <= facts.rowSize!)
    }
    for (const { id, note, plan: made } of planTemplates(home, dataset)) {
      const { cells, problems } = expandPlan(made, facts)
      assert.equal(note, problems[0]?.message ?? '', `${id} on ${said(facts)}`)
      // Labels are what some data lack; nothing else keeps a template from them.
      if (id !== 'labelled') assert.deepEqual(problems, [], `${id} on ${said(facts)}`)
      assert.ok(cells.length > 1, id)
      if (facts.kind === 'image')
        for (const { cell, resolved } of cells)
          assert.ok((resolved.config?.network.layers.at(-1) ?? 1) <= facts.rowSize!, `${id}, ${cell.title} on ${said(facts)}`)
    }
  }
})

test('“auto” is read as it is written, and pixels that convolutions leave out are told of', () => {
  const size = { height: 24, width: 20, channels: 3 }
  const facts = { kind: 'image', size, rowSize: 24 * 20 * 3, trainCount: 1000 } as const
  const resolved = (settings: Settings) => resolveConfig('classical', { 'network.layers': [8], ...settings }, facts)
  const usual = resolved({ 'network.convolutions': 'auto' })
  assert.equal(usual.config!.network.convolutions.length, 2)
  for (const word of ['Auto', ' AUTO '])
    assert.deepEqual(resolved({ 'network.convolutions': word }).config, usual.config, `“${word}”`)
  const skipped = ({ warnings }: { warnings: string[] }) => warnings.filter((sentence) => sentence.startsWith('Convolution '))
  assert.deepEqual(skipped(usual), [])
  assert.deepEqual(skipped(resolved({ 'network.convolutions': '8x3s3,8x1' })), [])
  const [sentence, ...more] = skipped(resolved({ 'network.convolutions': '8x4s2,8x2s3' }))
  assert.match(
    sentence!,
    /^Convolution 2 reads 2 x 2 pixels at places that are 3 apart.*neither read nor rebuilt.*at least 3.*at most 2/,
  )
  assert.deepEqual(more, [])
  const resized = { 'network.convolutions': '8x1s2', 'network.upsampling': 'resize', 'network.tied': false }
  assert.match(skipped(resolved(resized))[0]!, /never read/)
})
