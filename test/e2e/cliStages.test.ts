import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { commandsHere, type CommandLine } from '../fixtures/commandLine.ts'
import { digits } from '../fixtures/digits.ts'
import { writeDigitFolder } from '../fixtures/digitFolder.ts'
import { npy, zip } from '../fixtures/npz.ts'

/** Deep networks by the command line, on a few hundred digits: what is trained in stages, and what is refused before anything starts. */
let folder = ''
let home = ''
let line: CommandLine

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'workbench-cli-stages-'))
  home = join(folder, 'home')
  line = commandsHere(folder, home)
  writeDigitFolder(join(folder, 'digits'), 400)
  writeFileSync(join(folder, 'bare.npz'), zip({ 'x.npy': npy('|u1', [200, 28, 28], digits(200)) }, false))
  writeFileSync(
    join(folder, 'reals.npz'),
    zip(
      {
        'x.npy': npy(
          '<f4',
          [200, 8],
          Float32Array.from({ length: 1600 }, (_, index) => 3 * Math.sin(index * index)),
        ),
      },
      false,
    ),
  )
  for (const [name, path] of [
    ['digits', 'digits'],
    ['bare', 'bare.npz'],
    ['reals', 'reals.npz'],
  ] as const)
    assert.equal((await line.json('datasets', 'add', '--name', name, '--path', path)).code, 0, name)
})
after(() => {
  line.end()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

const set = (...settings: string[]): string[] => settings.flatMap((setting) => ['--set', setting])
const small = set(
  'network.layers=16,4',
  'training.batchSize=32',
  'pretraining.batchSize=32',
  'training.epochs=2',
  'pretraining.epochs=2',
)

test('what does not go together is refused with code, field and remedy, and nothing is made', async () => {
  for (const [dataset, variant, settings, field, remedy] of [
    ['bare', 'classical', ['fineTuning.kind=classification'], 'fineTuning.kind', /import it with labels/],
    [
      'digits',
      'classical',
      ['fineTuning.kind=classification', 'fineTuning.labelled=399'],
      'fineTuning.labelled',
      /set fineTuning.labelled to at most that/,
    ],
    [
      'digits',
      'variational',
      ['data.binarise=dynamic', 'regularizer.decoder=gaussian'],
      'regularizer.decoder',
      /set regularizer.decoder to bernoulli/,
    ],
    [
      'reals',
      'rbm',
      ['network.layers=4', 'regularizer.visible=bernoulli'],
      'regularizer.visible',
      /set regularizer.visible to gaussian/,
    ],
    ['digits', 'rbm', ['network.layers=16', 'regularizer.steps=0'], 'regularizer.steps', /at least 1/],
    [
      'digits',
      'classical',
      ['pretraining.kind=rbm', 'pretraining.regularizer.steps=0'],
      'pretraining.regularizer.steps',
      /at least 1/,
    ],
  ] as const) {
    const { code, json, errors, out } = await line.json(
      'train',
      '--dataset',
      dataset,
      '--variant',
      variant,
      ...set('training.batchSize=32', ...settings),
    )
    assert.deepEqual([code, json.error?.code, json.error?.field], [1, 'SETTING_INVALID', field], settings.join(' '))
    assert.match(json.error.message, remedy)
    assert.ok(errors.includes(json.error.message))
    assert.equal(out.trim().split('\n').length, 1)
  }
  assert.deepEqual((await line.json('runs', 'list')).json.runs, [])
  assert.deepEqual(existsSync(join(home, 'runs')) ? readdirSync(join(home, 'runs')) : [], [])
})

test('a network is pretrained with settings of its layers, as typed, and fine-tuned for the classes with some labels', async () => {
  const {
    code,
    json: { run },
    errors,
  } = await line.json(
    'train',
    '--dataset',
    'digits',
    '--variant',
    'classical',
    '--name',
    'classes',
    ...small,
    ...set(
      'pretraining.kind=greedy',
      'pretraining.variant=denoising',
      'pretraining.regularizer.rate=0.5',
      'pretraining.regularizer.noise=saltAndPepper',
      'fineTuning.kind=classification',
      'fineTuning.labelled=100',
    ),
  )
  assert.equal(code, 0)
  assert.deepEqual(
    [run.config.pretraining.variant, run.config.pretraining.regularizer.rate, run.config.pretraining.regularizer.noise],
    ['denoising', 0.5, 'saltAndPepper'],
  )
  assert.deepEqual(
    run.stages.map(({ title }: { title: string }) => title),
    ['Layer 1: 784 to 16', 'Layer 2: 16 to 4', 'Classification'],
  )
  assert.equal(run.step, run.stages.at(-1).startStep + run.stages.at(-1).steps)
  assert.ok(run.evaluation.classificationAccuracy >= 0 && run.evaluation.squaredError === null)
  assert.match(errors, /classes: Layer 1: 784 to 16/)

  const made = await line.json('export', 'classes', '--part', 'classifier', '--out', 'classifier.onnx')
  assert.deepEqual([made.code, made.json.outputs], [0, [{ name: 'probabilities', type: 'float32', shape: ['N', 10] }]])
  for (const part of ['decoder', 'autoencoder']) {
    const refused = await line.json('export', 'classes', '--part', part, '--out', 'refused.onnx')
    assert.deepEqual([refused.code, refused.json.error.code], [1, 'EXPORT_UNSUPPORTED'])
    assert.match(refused.json.error.message, /has no \w+; export its encoder or classifier/)
    assert.ok(!existsSync(join(folder, 'refused.onnx')))
  }
})

test('a Boltzmann machine by itself: trained, measured, exported; an objective it has none', async () => {
  const {
    code,
    json: { run },
  } = await line.json(
    'train',
    '--dataset',
    'digits',
    '--variant',
    'rbm',
    '--name',
    'machine',
    ...set('network.layers=16', 'training.batchSize=32', 'training.epochs=3', 'regularizer.persistent=true'),
  )
  assert.equal(code, 0)
  assert.ok(run.evaluation.squaredError > 0)
  assert.equal((await line.json('export', 'machine', '--part', 'autoencoder', '--out', 'machine.onnx')).code, 0)
  const { code: refused, json } = await line.json(
    'objective',
    '--variant',
    'rbm',
    '--in',
    'weights.safetensors',
    '--out',
    'gradients.safetensors',
  )
  assert.deepEqual([refused, json.error.code], [1, 'VARIANT_UNSUITABLE'])
})

test('Ctrl-C while a layer is pretrained pauses; resume goes on from there, through all stages', async () => {
  // So many epochs that there is time.
  const { child, said, ended } = line.start(
    'train',
    '--dataset',
    'digits',
    '--variant',
    'classical',
    '--name',
    'paused',
    ...small,
    ...set('pretraining.kind=rbm', 'pretraining.epochs=150'),
    '--json',
  )
  await said(/paused: Layer 1/)
  child.kill('SIGINT')
  const stopped = await ended
  assert.deepEqual([stopped.code, stopped.json.run.state], [130, 'paused'])
  assert.ok(stopped.json.run.step < stopped.json.run.stages[1].startStep)
  const {
    code,
    json: { run },
  } = await line.json('resume', 'paused')
  assert.deepEqual([code, run.state], [0, 'completed'])
  assert.equal(run.step, run.steps)
  assert.ok(run.evaluation.squaredError > 0)
})
