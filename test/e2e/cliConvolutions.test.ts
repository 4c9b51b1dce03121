import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { writeColours } from '../fixtures/colourFolder.ts'
import { commandsHere, type CommandLine } from '../fixtures/commandLine.ts'
import { textsOf } from './exploring.ts'

/** Convolutional runs by the command line, on colour images of odd sides: each command that takes a run. */

let folder = ''
let line: CommandLine
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'workbench-cli-convolutions-'))
  line = commandsHere(folder, join(folder, 'home'))
  writeColours(join(folder, 'images'), { width: 21, height: 17, count: 198 })
})
after(() => {
  line.end()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

const set = (...settings: string[]): string[] => settings.flatMap((setting) => ['--set', setting])
async function done(...words: string[]) {
  const { code, json, errors } = await line.json(...words)
  assert.equal(code, 0, `${words.join(' ')}: ${JSON.stringify(json)} ${errors}`)
  return json
}
/** What `embed` wrote as CSV: of each file its code. */
function codesIn(file: string): Map<string, number[]> {
  const [head, ...rows] = readFileSync(join(folder, file), 'utf8').trim().split(/\r?\n/)
  const columns = head!.split(',').flatMap((name, at) => (name.startsWith('code_') ? [at] : []))
  assert.ok(columns.length > 0, head)
  return new Map(rows.map((row) => row.split(',')).map((cells) => [cells[0]!, columns.map((at) => Number(cells[at]))]))
}
function assertAlike(one: Map<string, number[]>, other: Map<string, number[]>, what: string): void {
  assert.deepEqual([...one.keys()].sort(), [...other.keys()].sort(), what)
  for (const [name, code] of one)
    code.forEach((value, unit) =>
      assert.ok(Math.abs(value - other.get(name)![unit]!) < 1e-4 * (1 + Math.abs(value)), `${what}: ${name}, unit ${unit}`),
    )
}

test('a collapsed variational network is pruned, and what is left is compared, explored, exported, and embeds', async () => {
  await done('datasets', 'add', '--name', 'odd', '--path', 'images')
  // What is normalised collapses less.
  const network = ['network.convolutions=8x4s2,12x4s2', 'network.layers=6', 'network.activation=tanh', 'network.normalisation=none']
  const training = ['epochs=60', 'batchSize=16', 'learningRate=0.01', 'schedule=cosine', 'weightDecay=0.02']
  const likelihood = ['regularizer.decoder=bernoulli', 'regularizer.klWeight=20']
  const { run } = await done(
    'train',
    '--dataset',
    'odd',
    '--variant',
    'variational',
    ...set(...network, ...training.map((each) => `training.${each}`), ...likelihood),
  )
  const collapsed: number[] = run.evaluation.collapse.units
  assert.ok(collapsed.length > 0 && collapsed.length < 6, `${collapsed.length} of 6 units have collapsed`)
  const { run: pruned, removed, before, after } = await done('prune', run.id)
  assert.deepEqual([removed, pruned.config.network.layers], [collapsed, [6 - collapsed.length]])
  assert.deepEqual(pruned.config.network.convolutions, run.config.network.convolutions)
  assert.equal(after, pruned.evaluation.elbo)
  assert.ok(Math.abs(before - after) < 0.2, `${before} and ${after}`)
  const measured = (await done('evaluate', pruned.id)).run.evaluation
  assert.equal(measured.squaredError, pruned.evaluation.squaredError)
  const { runs } = await done('compare', run.id, pruned.id)
  assert.equal(runs.length, 2)
  assert.match((await line.run('runs', 'loader', pruned.id)).out, /conv/)

  // The run and its file give the same codes, and those of a dataset are measured as the run was.
  for (const part of ['encoder', 'decoder', 'autoencoder'])
    assert.ok((await done('export', pruned.id, '--part', part, '--out', `${part}.onnx`)).maxAbsDiff < 1e-3, part)
  await done('embed', pruned.id, '--path', 'images', '--out', 'run.csv')
  await done('embed', 'encoder.onnx', '--path', 'images', '--out', 'file.csv')
  assertAlike(codesIn('run.csv'), codesIn('file.csv'), 'run and file')
  const kept = await done('embed', pruned.id, '--dataset', 'odd', '--name', 'kept')
  assert.deepEqual([kept.count, kept.codeSize], [198, 6 - collapsed.length])
  assert.equal(kept.linearProbeAccuracy, measured.linearProbeAccuracy)

  for (const [question, ...words] of [
    ['featureMaps', '--image', '3'],
    ['filters', '--layer', '1'],
    ['units'],
    ['reconstructions'],
  ] as const) {
    await done('explore', question, pruned.id, ...words, '--out', `${question}.png`)
    const said = JSON.parse(textsOf(readFileSync(join(folder, `${question}.png`)))['Description']!)
    assert.equal(said.question.kind, question)
  }
})
