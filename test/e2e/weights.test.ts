import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { readCheckpointFile } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { readSafetensors, writeSafetensors } from '../../src/main/engine/checkpoint/safetensors.ts'
import { commandsHere, type CommandLine } from '../fixtures/commandLine.ts'
import { writeDigitFolder } from '../fixtures/digitFolder.ts'

/** A checkpoint's file by itself: opened in Python as the README says, evaluated, and the beginning of other runs. */

const folder = mkdtempSync(join(tmpdir(), 'weights-')),
  home = join(folder, 'home'),
  file = join(folder, 'taken.safetensors')
const network = ['--set', 'network.layers=24,8', '--set', 'training.batchSize=32']
let cli: CommandLine, evaluation: Record<string, number>
before(async () => {
  cli = commandsHere(folder, home)
  writeDigitFolder(join(folder, 'digits'), 400)
  assert.equal((await cli.json('datasets', 'add', '--name', 'digits', '--path', 'digits')).code, 0)
  const { json } = await cli.json(
    'train',
    '--dataset',
    'digits',
    '--variant',
    'classical',
    '--name',
    'first',
    ...network,
    '--set',
    'training.epochs=4',
  )
  evaluation = json.run.evaluation
  copyFileSync(join(home, 'runs', json.run.id, 'checkpoints', 'last.safetensors'), file)
})
after(() => {
  cli.end()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

const python = process.env['WORKBENCH_PYTHON'] ?? 'python3'
const found = spawnSync(python, ['-c', 'import numpy, safetensors'], { encoding: 'utf8' })
test(
  'three lines of Python of the README open it, with its settings',
  {
    skip:
      found.status === 0 ? false : `${python} has no numpy and safetensors; set WORKBENCH_PYTHON to an interpreter that has them`,
  },
  () => {
    const readme = readFileSync(resolve(import.meta.dirname, '../../README.md'), 'utf8')
    const [, lines] = /```python\n(import json, safetensors\n[\s\S]*?)```/.exec(readme)!
    assert.equal(lines!.trim().split('\n').length, 3)
    const program =
      `${lines!.replace(/'[^']*\.safetensors'/, JSON.stringify(file))}\nimport numpy\nx = numpy.linspace(0, 1, 784, ` +
      `dtype=numpy.float32)[None]\nh = numpy.maximum(x @ weights['encoder/0/kernel'] + weights['encoder/0/bias'], 0)\n` +
      'print(json.dumps([config["network"]["layers"], (h @ weights["encoder/1/kernel"] + weights["encoder/1/bias"])[0].tolist()]))'
    const [layers, code] = JSON.parse(execFileSync(python, ['-c', program], { encoding: 'utf8' })) as [number[], number[]]
    assert.deepEqual(layers, [24, 8])
    const { state } = readCheckpointFile(file)
    const dense = (h: number[], name: string) =>
      Array.from(state[`${name}/bias`]!, (bias, unit) =>
        h.reduce((sum, value, i) => sum + value * state[`${name}/kernel`]![i * state[`${name}/bias`]!.length + unit]!, bias),
      )
    const hidden = dense(
      Array.from({ length: 784 }, (_, i) => i / 783),
      'encoder/0',
    ).map((value) => Math.max(0, value))
    dense(hidden, 'encoder/1').forEach((value, unit) => assert.ok(Math.abs(value - code[unit]!) < 1e-3 * (1 + Math.abs(value))))
  },
)

test('evaluated, it is a run of the same figures that was not trained here', async () => {
  const { json, code } = await cli.json('evaluate', '--weights', file, '--dataset', 'digits', '--name', 'adopted')
  assert.equal(code, 0)
  assert.deepEqual(
    [json.run.name, json.run.state, json.run.origin.kind, json.run.origin.file, json.run.origin.trained],
    ['adopted', 'completed', 'weights', file, false],
  )
  const { seconds: _, ...measured } = json.run.evaluation
  const { seconds: __, ...before } = evaluation
  assert.deepEqual(measured, before)
  assert.equal((await cli.json('export', 'adopted', '--part', 'encoder', '--out', 'adopted.onnx')).code, 0)
})

test('a run begins with it: without a step it is the same, and its first loss is where the training left off', async () => {
  const { json, code } = await cli.json(
    'train',
    '--from',
    file,
    '--dataset',
    'digits',
    '--name',
    'tuned',
    '--set',
    'training.epochs=1',
  )
  assert.equal(code, 0)
  assert.deepEqual(
    [json.run.variant, json.run.config.network.layers, json.run.config.training.epochs, json.run.origin.trained],
    ['classical', [24, 8], 1, true],
  )
  assert.ok(json.run.evaluation.squaredError < evaluation['squaredError']!, 'one more epoch makes it better')
  // What it begins with is the file's, value by value.
  const begun = readCheckpointFile(join(home, 'runs', json.run.id, 'checkpoints', 'snapshot-0.safetensors')).state
  const { state } = readCheckpointFile(file)
  for (const name of Object.keys(begun)) assert.deepEqual(begun[name], state[name], name)
  // Of another variant, and with a softmax layer that the file does not have.
  const other = await cli.json(
    'train',
    '--from',
    file,
    '--variant',
    'denoising',
    '--dataset',
    'digits',
    '--set',
    'training.epochs=1',
    '--set',
    'training.batchSize=32',
  )
  assert.deepEqual([other.json.run.variant, other.json.run.config.network.layers], ['denoising', [24, 8]])
  const classifier = await cli.json(
    'train',
    '--from',
    file,
    '--dataset',
    'digits',
    '--set',
    'training.epochs=30',
    '--set',
    'fineTuning.kind=classification',
  )
  assert.equal(classifier.code, 0)
  assert.match(classifier.errors, /Not in the file, and so begun anew: classifier\/kernel, classifier\/bias/)
  assert.ok(classifier.json.run.evaluation.classificationAccuracy > 0.3)
})

test('files that are no checkpoints, or of other networks, are refused, and nothing is made', async () => {
  const runs = readdirSync(join(home, 'runs')).sort()
  const refused = async (words: string[], code: string, says: RegExp) => {
    const { json, code: exit } = await cli.json(...words)
    assert.notEqual(exit, 0)
    assert.equal(json.error.code, code, json.error.message)
    assert.match(json.error.message, says)
  }
  const bad = (name: string) => join(folder, name)
  writeFileSync(bad('text.safetensors'), 'no weights at all')
  const { tensors, metadata } = readSafetensors(file)
  writeSafetensors(bad('foreign.safetensors'), { tensors, metadata: { format: 'pt' } })
  writeSafetensors(bad('newer.safetensors'), { tensors, metadata: { ...metadata, variant: 'quantum' } })
  writeFileSync(bad('cut.safetensors'), readFileSync(file).subarray(0, 40_000))
  writeSafetensors(bad('unfinished.safetensors'), {
    tensors: { ...tensors, 'stage/encoder/0/kernel': tensors['encoder/0/kernel']! },
    metadata,
  })
  // One bit of one weight, and a weight that is no number: whole by its form.
  const rotten = readFileSync(file)
  rotten[rotten.length - 100]! ^= 1
  writeFileSync(bad('rotten.safetensors'), rotten)
  const sound = tensors['encoder/0/kernel']!
  const kernel = { ...sound, data: sound.data.map((value, index) => (index === 3 ? NaN : value)) }
  writeSafetensors(bad('diverged.safetensors'), { tensors: { ...tensors, 'encoder/0/kernel': kernel }, metadata })
  const listed = (await cli.json('runs', 'list')).json.runs.length
  for (const [name, code, says] of [
    ['rotten', 'CHECKPOINT_DAMAGED', /its checksum is wrong/],
    ['diverged', 'CHECKPOINT_DAMAGED', /not finite numbers/],
    ['none', 'CHECKPOINT_MISSING', /is missing or cannot be read/],
    ['text', 'CHECKPOINT_DAMAGED', /not a whole safetensors file/],
    ['cut', 'CHECKPOINT_DAMAGED', /cut off/],
    ['foreign', 'FILE_UNSUPPORTED', /no checkpoint of the workbench/],
    ['newer', 'FILE_UNSUPPORTED', /variant “quantum”/],
    ['unfinished', 'FILE_UNSUPPORTED', /while its layers were pretrained/],
  ] as const) {
    for (const words of [
      ['train', '--from'],
      ['evaluate', '--weights'],
    ]) {
      const given = bad(`${name}.safetensors`)
      // It is the given file that is named, not a copy of it.
      await refused([...words, given, '--dataset', 'digits'], code, new RegExp(`^${given} .*${says.source}`))
    }
  }
  await refused(
    ['train', '--from', file, '--dataset', 'digits', '--set', 'network.layers=24,9'],
    'RUN_MISMATCH',
    /encoder\/1\/kernel is 24 x 9 and is 24 x 8 in the file/,
  )
  await refused(['train', '--from', file, '--dataset', 'digits', '--variant', 'pca'], 'SETTING_INVALID', /./)
  await refused(
    ['train', '--from', file, '--dataset', 'digits', '--variant', 'variational'],
    'RUN_MISMATCH',
    /encoder\/mean\/kernel .* is not in the file/,
  )
  assert.equal((await cli.json('datasets', 'add', '--name', 'small', '--path', 'digits', '--size', '8x8')).code, 0)
  await refused(
    ['train', '--from', file, '--dataset', 'small'],
    'RUN_MISMATCH',
    /for 784 values an image, and the dataset's images have 64/,
  )
  await refused(['evaluate', '--weights', file, '--dataset', 'small'], 'RUN_MISMATCH', /for 784 values an image/)
  assert.deepEqual(readdirSync(join(home, 'runs')).sort(), runs)
  assert.equal((await cli.json('runs', 'list')).json.runs.length, listed)
  assert.ok(existsSync(file))
})
