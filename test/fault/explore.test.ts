import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { CallInput } from '../../src/shared/calls.ts'
import type { EngineEvent } from '../../src/shared/events.ts'
import type { Client } from '../../src/shared/connection.ts'
import { type ResultOf } from '../../src/shared/answers.ts'
import { questionKinds, type QuestionInput } from '../../src/shared/questions.ts'
import { createEngine, type Engine } from '../../src/main/engine/engine.ts'
import { encodePng } from '../../src/main/engine/files/png.ts'
import { digitLabels } from '../fixtures/digits.ts'
import { importRows, smallDigits } from '../fixtures/tinyDataset.ts'

/** One home with small trained runs for all tests; each leaves it as it found it. */
const folder = mkdtempSync(join(tmpdir(), 'workbench-explore-'))
let engine: Engine, call: Client
const events: EngineEvent[] = []
const runs: Record<string, string> = {}
const runFolder = (name: string) => join(folder, 'home', 'runs', runs[name]!)
const datasetFolder = async () =>
  join(folder, 'home', 'datasets', (await call('datasets.list', {})).datasets.find(({ name }) => name === 'digits')!.id)

const ask = async <Q extends QuestionInput>(
  run: string,
  question: Q,
  more: Partial<CallInput<'explore'>> = {},
): Promise<ResultOf<Q['kind']>> => (await call('explore', { run: runs[run]!, question, ...more })).result as ResultOf<Q['kind']>
const next = async (find: (event: EngineEvent) => boolean): Promise<void> => {
  for (let seen = 0; ;) {
    while (seen < events.length) if (find(events[seen++]!)) return
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function reopen(): Promise<void> {
  await engine?.close()
  engine = createEngine({ home: join(folder, 'home'), threads: 2 })
  call = engine.handle as Client
  engine.subscribe((event) => events.push(event))
}

before(async () => {
  await reopen()
  const add = async (input: CallInput<'datasets.import'>) => {
    const { task } = await call('datasets.import', input)
    await next((event) => event.type === 'task' && event.task.id === task.id && event.task.state === 'done')
  }
  // The archives are made by an import of their own, of which only the file is used.
  await importRows(join(folder, 'made'), 'digits', [200, 4, 4], smallDigits(200), digitLabels(200))
  await importRows(
    join(folder, 'made'),
    'wide',
    [30, 5, 4],
    new Uint8Array(600).map((_, i) => (i * 91) % 256),
  )
  await importRows(
    join(folder, 'made'),
    'same',
    [30, 4, 4],
    new Uint8Array(480).map((_, i) => (i * 57) % 256),
  )
  for (const name of ['digits', 'wide', 'same']) await add({ path: join(folder, 'made', `${name}.npz`), name })
  const train = async (name: string, variant: string, settings: Record<string, unknown>) => {
    const { run } = await call('runs.create', {
      dataset: 'digits',
      variant,
      name,
      settings: { training: { epochs: 3, batchSize: 20 }, ...settings },
    })
    runs[name] = run.id
    await next((event) => event.type === 'run' && event.run.id === run.id && ['completed', 'failed'].includes(event.run.state))
    assert.equal((await call('runs.show', { run: run.id })).run.state, 'completed')
  }
  await train('plain', 'classical', { network: { layers: [8, 4] } })
  await train('prior', 'variational', { network: { layers: [8, 2] } })
  await train('classes', 'classical', { network: { layers: [8, 4] }, fineTuning: { kind: 'classification' } })
  await train('machine', 'rbm', { network: { layers: [6] } })
})
after(async () => {
  await engine?.close()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

test('every question is answered by every run that can, and refused with a sentence by those that cannot', async () => {
  const image = { row: 3 }
  const asked: { [K in (typeof questionKinds)[number]]: QuestionInput } = {
    reconstructions: { kind: 'reconstructions' },
    map: { kind: 'map', method: 'umap', count: 30 },
    histograms: { kind: 'histograms' },
    neighbours: { kind: 'neighbours', image },
    agreement: { kind: 'agreement' },
    chain: { kind: 'chain', start: image },
    generate: { kind: 'generate', from: 'mixture', components: 3 },
    traverse: { kind: 'traverse' },
    interpolate: { kind: 'interpolate', from: image, to: { row: 9 } },
    manifold: { kind: 'manifold', size: 5 },
    decode: { kind: 'decode', coordinates: new Float32Array(2), space: 'manifold' },
    field: { kind: 'field', through: [image, { row: 5 }, { row: 9 }], size: 5, pathSteps: 5 },
    tangents: { kind: 'tangents', image },
    walk: { kind: 'walk', image },
    contraction: { kind: 'contraction' },
    units: { kind: 'units' },
    featureMaps: { kind: 'featureMaps', image },
    filters: { kind: 'filters' },
    copying: { kind: 'copying', dataset: 'same' },
  }
  for (const run of Object.keys(runs)) {
    const { unavailable } = await call('explore.open', { run: runs[run]! })
    for (const kind of questionKinds) {
      const reason = unavailable[kind]
      if (reason === undefined) {
        const result = await ask(run, asked[kind])
        assert.equal(result.kind, kind)
      } else {
        assert.match(reason, /[;,] .*\.$/)
        await assert.rejects(ask(run, asked[kind]), { code: 'QUESTION_UNSUITABLE', message: reason })
      }
    }
    const open = {
      plain: ['featureMaps', 'filters'],
      prior: ['featureMaps', 'filters'],
      classes: [
        'featureMaps',
        'filters',
        'reconstructions',
        'chain',
        'generate',
        'traverse',
        'interpolate',
        'manifold',
        'decode',
        'field',
        'copying',
      ],
      machine: ['featureMaps', 'filters', 'generate'],
    }[run]!
    assert.deepEqual(Object.keys(unavailable).sort(), open.sort(), run)
  }
  const { checkpoints, codeSize, manifold, probabilistic } = await call('explore.open', { run: runs['prior']! })
  assert.deepEqual(
    [checkpoints[0], checkpoints.at(-1)!.epoch, codeSize, manifold, probabilistic],
    [{ step: 0, epoch: 0 }, 3, 2, { dimensions: 2, plane: false }, true],
  )
})

test('weights of any snapshot can be asked; a step without one, a run without weights and damaged weights are told', async () => {
  const { checkpoints } = await call('explore.open', { run: runs['plain']! })
  const results = await Promise.all(
    checkpoints.map(async ({ step }) => (await ask('plain', { kind: 'reconstructions' }, { checkpoint: step })).squaredErrors),
  )
  const whole = await ask('plain', { kind: 'reconstructions' })
  assert.ok(results.length >= 3)
  assert.deepEqual(results.at(-1), whole.squaredErrors)
  assert.notDeepEqual(results[0], whole.squaredErrors)
  await assert.rejects(ask('plain', { kind: 'histograms' }, { checkpoint: 5 }), {
    code: 'CHECKPOINT_MISSING',
    message: /kept no weights of step 5; choose one of 0, /,
  })

  const file = join(runFolder('plain'), 'checkpoints', 'last.safetensors'),
    copy = join(folder, 'copy.safetensors')
  copyFileSync(file, copy)
  try {
    truncateSync(file, 500)
    await assert.rejects(ask('plain', { kind: 'histograms', bins: 11 }), { code: 'CHECKPOINT_DAMAGED' })
    rmSync(file)
    await assert.rejects(ask('plain', { kind: 'histograms' }), {
      code: 'CHECKPOINT_MISSING',
      message: /has no weights that could be looked into; train a new run with its settings\./,
    })
  } finally {
    copyFileSync(copy, file)
  }
  assert.deepEqual((await ask('plain', { kind: 'reconstructions' })).squaredErrors, whole.squaredErrors)
})

test('an image from disk is decoded as the import would; what is none, or is of another size, is told', async () => {
  const pixels = smallDigits(200).slice(16 * 7, 16 * 8)
  const file = (name: string, bytes: Uint8Array | string) => {
    writeFileSync(join(folder, name), bytes)
    return join(folder, name)
  }
  const same = await ask('plain', {
    kind: 'neighbours',
    image: { file: file('digit.png', encodePng({ width: 4, height: 4, channels: 1, pixels })) },
  })
  const own = await ask('plain', { kind: 'neighbours', image: { row: 7 } })
  assert.deepEqual(
    [same.fitted, same.row, same.code.rows[0], same.code.distances[0], same.pixels.distances[0]],
    [null, null, 7, 0, 0],
  )
  // The row itself is not among its own neighbours.
  assert.deepEqual([...same.code.rows].slice(1), [...own.code.rows].slice(0, 11))
  const larger = await ask('plain', {
    kind: 'neighbours',
    image: {
      file: file(
        'large.png',
        encodePng({
          width: 8,
          height: 8,
          channels: 1,
          pixels: Uint8Array.from({ length: 64 }, (_, i) => pixels[(i >> 4) * 4 + ((i % 8) >> 1)]!),
        }),
      ),
    },
  })
  assert.match(larger.fitted!, /8 × 8 pixels and was made 4 × 4 as the dataset’s images were \(crop\)/)

  await assert.rejects(ask('plain', { kind: 'neighbours', image: { file: file('text.png', 'no image') } }), {
    code: 'FILE_UNSUPPORTED',
    field: 'image',
    message: /cannot be used as an image: .* Choose a PNG/,
  })
  await assert.rejects(ask('plain', { kind: 'neighbours', image: { file: join(folder, 'missing.png') } }), {
    code: 'PATH_MISSING',
    field: 'image',
  })
  await assert.rejects(ask('plain', { kind: 'neighbours', image: { file: folder } }), { code: 'FILE_UNSUPPORTED' })
  await assert.rejects(ask('plain', { kind: 'neighbours', image: { values: new Float32Array(9) } }), {
    code: 'IMAGE_SIZE',
    message: /takes 16 values, and 9 were given/,
  })
  await assert.rejects(ask('plain', { kind: 'neighbours', image: { row: 200 } }), {
    code: 'CALL_INVALID',
    message: /no row 200 in “digits”, which has 200 \(0 to 199\)/,
  })
  await assert.rejects(ask('plain', { kind: 'copying', dataset: 'wide' }), {
    code: 'IMAGE_SIZE',
    message: /“wide” is of 4 x 5 x 1 and the run takes 4 x 4 x 1; choose “random” or “same”/,
  })
  await assert.rejects(ask('plain', { kind: 'copying', dataset: 'nothing' }), { code: 'DATASET_UNKNOWN' })
  await assert.rejects(ask('plain', { kind: 'reconstructions', corruption: { kind: 'masking', level: 2 } }), {
    code: 'CALL_INVALID',
    field: 'question.corruption.level',
  })
  await assert.rejects(ask('plain', { kind: 'decode', coordinates: new Float32Array(3) }), {
    code: 'QUESTION_UNSUITABLE',
    message: /3 numbers are not codes of 4 each/,
  })
})

test("when a dataset's images are gone, what a code alone is asked still works, and the rest says so", async () => {
  const images = await datasetFolder()
  renameSync(images, `${images}.away`)
  try {
    // A process that has read them already would not notice.
    await reopen()
    const generated = await ask('prior', { kind: 'generate', count: 3, seed: 99 })
    assert.equal(generated.pictures.images!.count, 3)
    assert.equal((await ask('prior', { kind: 'decode', coordinates: new Float32Array(4) })).pictures.images!.count, 2)
    for (const question of [
      { kind: 'reconstructions', seed: 7 },
      { kind: 'neighbours', image: { row: 1 }, count: 3 },
    ] as const) {
      await assert.rejects(ask('prior', question), {
        code: 'DATASET_UNKNOWN',
        message: /The images of the dataset “digits” are gone, and this needs them; import them again/,
      })
    }
  } finally {
    renameSync(`${images}.away`, images)
  }
  assert.equal((await ask('prior', { kind: 'reconstructions', seed: 7 })).kind, 'reconstructions')
})

test('a newer question of a view takes the place of the one before; progress is told and ends; a view can stop asking', async () => {
  events.length = 0
  const long: QuestionInput = { kind: 'map', method: 'tsne', count: 30, perplexity: 3 }
  const first = ask('plain', { ...long, seed: 11 }, { view: 'window 1' }),
    other = ask('plain', { ...long, seed: 12 }, { view: 'window 2' })
  const second = ask('plain', { kind: 'histograms', bins: 12 }, { view: 'window 1' })
  await assert.rejects(first, { code: 'CANCELLED', message: 'Something newer was asked in its place.' })
  assert.equal((await second).kind, 'histograms')
  assert.equal((await other).kind, 'map')
  assert.ok(events.some((event) => event.type === 'explore' && event.view === 'window 2' && event.share === null))

  const stopped = ask('prior', { ...long, seed: 13 }, { view: 'window 3' })
  await call('explore.cancel', { view: 'window 3' })
  await assert.rejects(stopped, { code: 'CANCELLED', message: 'It was cancelled.' })
  assert.equal((await ask('prior', { kind: 'histograms', bins: 13 })).kind, 'histograms')
})

test('a short question is answered while a long one goes on, which then comes to the same', async () => {
  const long = {
    kind: 'chain',
    start: { row: 1 },
    steps: 6000,
    every: 6000,
    corruption: { kind: 'gaussian', level: 0.2 },
    seed: 5,
  } as const
  events.length = 0
  const order: string[] = []
  const chain = ask('plain', long, { view: 'long' }).then((result) => {
    order.push('long')
    return result
  })
  await next((event) => event.type === 'explore' && event.view === 'long' && event.share !== null)
  for (const row of [1, 2, 3]) {
    await ask('plain', { kind: 'neighbours', image: { row }, count: 4 })
    order.push('short')
  }
  // One that is cancelled within the other takes nothing with it.
  const cancelled = assert.rejects(ask('plain', { ...long, seed: 6 }, { view: 'within' }), { code: 'CANCELLED' })
  await call('explore.cancel', { view: 'within' })
  await cancelled
  const { last } = await chain
  assert.deepEqual(order, ['short', 'short', 'short', 'long'])
  const again = await ask('plain', { ...long, steps: 3000, every: 3000 })
  const rest = await ask('plain', { ...long, start: { last: again.last, step: 3000 }, steps: 3000, every: 3000 })
  assert.deepEqual(rest.last, last)
})

test('an answer as a file holds the run and its settings', async () => {
  const made = await call('explore.file', { run: runs['prior']!, question: { kind: 'manifold', size: 4 }, format: 'png' })
  assert.equal(made.name, 'prior manifold.png')
  const text = Buffer.from(made.bytes).toString('latin1')
  assert.match(text, /tEXtTitle\0prior: manifold/)
  assert.match(text, /"variant":"variational"/)
  await assert.rejects(call('explore.file', { run: runs['prior']!, question: { kind: 'agreement' }, format: 'png' }), {
    code: 'QUESTION_UNSUITABLE',
    message: /save it as csv or npz\.$/,
  })
})

test('the command line asks, writes files of every kind, replaces none unasked, and says what is wrong', async () => {
  await engine.close()
  const aebench = (...words: string[]) => {
    const { status, stdout } = spawnSync(
      process.execPath,
      [
        fileURLToPath(new URL('../../src/main/engine/cli.ts', import.meta.url)),
        'explore',
        ...words,
        '--home',
        join(folder, 'home'),
        '--json',
      ],
      { encoding: 'utf8' },
    )
    return {
      status,
      result: JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, unknown> & {
        error?: { code: string; message: string }
      },
    }
  }
  const out = (name: string) => join(folder, name)
  const near = aebench('neighbours', 'plain', '--image', '7', '--count', '3')
  assert.deepEqual(
    [near.status, near.result['kind'], (near.result['code'] as { rows: number[] }).rows.length],
    [0, 'neighbours', 3],
  )
  for (const [question, name, begins] of [
    ['manifold', 'm.png', '\x89PNG'],
    ['chain', 'c.gif', 'GIF89a'],
    ['units', 'u.csv', 'unit,state'],
    ['field', 'f.npz', 'PK'],
  ] as const) {
    const images =
      question === 'field'
        ? ['--image', '1', '--image', '2', '--image', '5', '--size', '5']
        : question === 'chain'
          ? ['--noise', 'gaussian', '--steps', '4', '--sampled']
          : []
    const { status, result } = aebench(question, 'plain', ...images, '--out', out(name))
    assert.deepEqual([status, result['file']], [0, out(name)], JSON.stringify(result.error))
    assert.ok(readFileSync(out(name)).toString('latin1').startsWith(begins))
  }
  const codes = (...words: string[]) => {
    const { status, result } = aebench(...words)
    return [status !== 0, result.error?.code]
  }
  assert.deepEqual(codes('manifold', 'plain', '--out', out('m.png')), [true, 'EXPORT_EXISTS'])
  assert.deepEqual(codes('manifold', 'plain', '--out', out('m.png'), '--force'), [false, undefined])
  assert.deepEqual(codes('manifold', 'plain', '--out', out('m.tiff')), [true, 'USAGE'])
  assert.deepEqual(codes('manifold', 'classes'), [true, 'QUESTION_UNSUITABLE'])
  assert.deepEqual(codes('interpolate', 'plain', '--image', '1'), [true, 'USAGE'])
  await reopen()
})

test('closing ends the questions that are open; the next engine answers', async () => {
  const ended = assert.rejects(ask('plain', { kind: 'map', method: 'tsne', count: 30, perplexity: 3, seed: 21 }), {
    code: 'CANCELLED',
  })
  await reopen()
  await ended
  assert.equal((await ask('plain', { kind: 'histograms' })).units, 4)
})
