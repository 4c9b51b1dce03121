import { test } from 'node:test'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { settingsFrom } from '../../src/main/engine/cli/settings.ts'
import { table } from '../../src/main/engine/cli/table.ts'
import { defaultHome } from '../../src/main/engine/home.ts'
import { resolveConfig } from '../../src/main/engine/variants/index.ts'
import { commandsHere } from '../fixtures/commandLine.ts'
import { temporaryFolder } from '../fixtures/homes.ts'
import { npy } from '../fixtures/npz.ts'

const commandLine = fileURLToPath(new URL('../../src/main/engine/cli.ts', import.meta.url))
const { fields } = resolveConfig('denoising', {})

test('typed settings are read by the kind of their field', () => {
  const typed = [
    'network.layers=512, 64',
    'network.layers=32',
    'training.learningRate=1e-2',
    'network.tied=true',
    'network.activation=tanh',
    'regularizer.noise=gaussian=x',
    'training.epochs=many',
    'unknown.key=1',
  ]
  assert.deepEqual(settingsFrom(typed, undefined, fields), {
    'network.layers': [32],
    'training.learningRate': 0.01,
    'network.tied': true,
    'network.activation': 'tanh',
    'regularizer.noise': 'gaussian=x',
    'training.epochs': 'many',
    'unknown.key': '1',
  })
  assert.deepEqual(settingsFrom(['network.layers=512,64'], undefined, fields), { 'network.layers': [512, 64] })
  assert.throws(() => settingsFrom(['=3'], undefined, fields), { code: 'USAGE' })
})

test('a settings file is flattened, so that --set replaces one setting of it', (t) => {
  const file = join(temporaryFolder(t), 'settings.json')
  writeFileSync(
    file,
    JSON.stringify({ network: { layers: [9, 3] }, training: { epochs: 4, batchSize: 7 }, reconstruction: 'squaredError' }),
  )
  const settings = settingsFrom(['training.epochs=5'], file, fields)
  assert.deepEqual(settings, {
    'network.layers': [9, 3],
    'training.epochs': 5,
    'training.batchSize': 7,
    reconstruction: 'squaredError',
  })
  const { config } = resolveConfig('denoising', settings)
  assert.deepEqual([config?.training.epochs, config?.training.batchSize, config?.reconstruction], [5, 7, 'squaredError'])
  for (const text of ['{', '[1]', '"x"']) {
    writeFileSync(file, text)
    assert.throws(() => settingsFrom([], file, fields), { code: 'USAGE' })
  }
})

test('what a variant determines may be said as it is, and what every object inherits is no setting', () => {
  assert.deepEqual(
    resolveConfig('pca', settingsFrom(['network.tied=true', 'reconstruction=squaredError'], undefined, [])).problems,
    [],
  )
  assert.equal(resolveConfig('pca', { 'network.tied': 'false' }).problems[0]?.code, 'SETTING_INVALID')
  for (const key of ['network.constructor', 'network.__proto__', 'training.tied', 'reconstruction.x']) {
    assert.deepEqual(
      resolveConfig('pca', Object.fromEntries([[key, 1]])).problems.map(({ code, field }) => [code, field]),
      [['SETTING_UNKNOWN', key]],
    )
  }
})

test('tables line up, numbers on the right', () => {
  assert.equal(
    table(
      ['name', 'count'],
      [
        ['a', '9'],
        ['long name', '1000'],
      ],
    ),
    'name       count\na              9\nlong name   1000',
  )
})

test('the default home is the data folder of each system', () => {
  assert.equal(defaultHome('linux', {}, '/home/u'), '/home/u/.local/share/autoencoder-workbench')
  assert.equal(defaultHome('linux', { XDG_DATA_HOME: '/data' }, '/home/u'), '/data/autoencoder-workbench')
  assert.equal(defaultHome('darwin', {}, '/Users/u'), '/Users/u/Library/Application Support/Autoencoder Workbench')
  assert.match(
    defaultHome('win32', { APPDATA: 'C:\\Users\\u\\AppData\\Roaming' }, 'C:\\Users\\u'),
    /Roaming.Autoencoder Workbench$/,
  )
})

test('help is in columns, in lines that a terminal holds', async (t) => {
  const { run } = commandsHere(temporaryFolder(t), 'home')
  for (const words of [
    ['datasets', 'add'],
    ['datasets', 'inspect'],
    ['train'],
    ['explore'],
    ['experiment', 'run'],
    ['embed'],
    ['export'],
    ['doctor'],
    ['serve'],
  ]) {
    const { out } = await run(...words, '--help')
    const lines = out.trimEnd().split('\n').slice(1)
    assert.deepEqual(
      lines.filter((line) => line.length > 100),
      [],
      words.join(' '),
    )
    // A term has its text beside it, in the column, or, where it is long, below.
    assert.deepEqual(
      lines.filter((line, at) => line.startsWith('--') && !/ {2,}\S/.test(line) && !lines[at + 1]?.startsWith('  ')),
      [],
      words.join(' '),
    )
  }
  const add = (await run('datasets', 'add', '--help')).out
  for (const kind of ['Parquet', 'tar', 'zip', 'WebDataset', 'HDF5', 'CIFAR']) {
    assert.match(add.slice(0, add.indexOf('Parts and labels')), new RegExp(kind))
  }
  const headings = [
    '--path',
    'Parts and labels:',
    '--labels',
    'Size and values:',
    '--size',
    '--range',
    '--pages',
    '--set',
    '--home',
  ].map((each) => add.indexOf(`\n${each}`))
  assert.deepEqual(
    headings,
    headings.toSorted((a, b) => a - b),
  )
  assert.ok(!headings.includes(-1))
})

test('a command whose output nobody reads to the end ends as if it were read', async () => {
  const child = spawn(process.execPath, [commandLine, 'variants'], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
  assert.deepEqual([errors, code], ['', 0])
})

test('a range may begin with a minus, and options that are not understood say what to write', async (t) => {
  const folder = temporaryFolder(t),
    { run, json } = commandsHere(folder, join(folder, 'home'))
  writeFileSync(
    join(folder, 'ct.npy'),
    npy(
      '<i2',
      [12, 2, 2],
      Int16Array.from({ length: 48 }, (_, i) => i * 80 - 1024),
    ),
  )
  const { json: said } = await json('datasets', 'inspect', '--path', 'ct.npy', '--range', '-160..240')
  assert.deepEqual([said.ranges.wide.from, said.ranges.wide.to], [-160, 240])
  const misspelt = await run('datasets', 'inspect', '--path', 'ct.npy', '--siez', '2x2')
  assert.deepEqual([misspelt.code, /did you mean --size\?/.test(misspelt.errors)], [2, true], misspelt.errors)
  const dashed = await run('datasets', 'inspect', '--path', '-ct.npy')
  assert.deepEqual([dashed.code, dashed.errors.includes('--path=VALUE')], [2, true], dashed.errors)
  const large = await run('datasets', 'inspect', '--path', 'ct.npy', '--size', '9999x0')
  assert.deepEqual([large.code, /^--size 9999x0 .*from 1 to 4,096/.test(large.errors)], [2, true], large.errors)
})
