import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { commandsHere, type CommandLine } from '../fixtures/commandLine.ts'
import { writeDigitFolder } from '../fixtures/digitFolder.ts'

/** What a command line makes it can also take away and bring back. The tests build on each other. */

const folder = mkdtempSync(join(tmpdir(), 'removing-')),
  home = join(folder, 'home')
const small = { network: { layers: [4] } }
let cli: CommandLine

before(async () => {
  cli = commandsHere(folder, home)
  writeDigitFolder(join(folder, 'digits'), 200)
  assert.equal((await cli.json('datasets', 'add', '--name', 'digits', '--path', 'digits')).code, 0)
  writeFileSync(join(folder, 'small.json'), JSON.stringify(small))
  const train = ['train', '--dataset', 'digits', '--variant', 'pca', '--config', join(folder, 'small.json')]
  for (const name of ['one', 'two', 'three']) assert.equal((await cli.json(...train, '--name', name)).code, 0)
  const plan = {
    name: 'plan',
    dataset: 'digits',
    settings: { 'network.layers': [3] },
    seeds: [1, 2],
    variants: [{ variant: 'pca' }],
  }
  writeFileSync(join(folder, 'plan.json'), JSON.stringify(plan))
  assert.equal((await cli.json('experiment', 'run', join(folder, 'plan.json'))).code, 0)
})
after(() => {
  cli.end()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

const namesOf = async (): Promise<string[]> => (await cli.json('runs', 'list')).json.runs.map(({ name }: { name: string }) => name)
const trash = async (): Promise<{ kind: string; id: string; name: string }[]> => (await cli.json('trash', 'list')).json.removed

test('runs remove takes all or none; trash restore brings them back with their files', async () => {
  const all = await namesOf()
  const unknown = await cli.json('runs', 'remove', 'one', 'tow')
  assert.deepEqual([unknown.code === 0, unknown.json.error.code, await namesOf()], [false, 'RUN_UNKNOWN', all])

  const {
    code,
    json: { removed },
  } = await cli.json('runs', 'remove', 'one', 'two', 'one')
  assert.equal(code, 0)
  assert.deepEqual(
    removed.map(({ name }: { name: string }) => name),
    ['one', 'two'],
  )
  assert.match(removed[0].until, /^\d{4}-\d\d-\d\dT/)
  assert.ok(!existsSync(join(home, 'runs', removed[0].run)) && existsSync(join(home, 'trash', removed[0].run)))
  assert.deepEqual(
    await namesOf(),
    all.filter((name) => name !== 'one' && name !== 'two'),
  )
  assert.deepEqual((await trash()).map(({ kind, name }) => [kind, name]).sort(), [
    ['run', 'one'],
    ['run', 'two'],
  ])
  assert.match((await cli.run('trash', 'list')).out, /run +one/)

  assert.equal((await cli.json('trash', 'restore', 'nothing')).json.error.code, 'RUN_UNKNOWN')
  const back = (await cli.json('trash', 'restore', 'one', removed[1].run)).json.restored
  assert.deepEqual(back.map(({ name }: { name: string }) => name).sort(), ['one', 'two'])
  assert.deepEqual([(await namesOf()).sort(), await trash()], [all.sort(), []])
  assert.ok(existsSync(join(home, 'runs', removed[0].run, 'checkpoints')))
})

test('experiment remove takes its own runs along, or keeps them; restored, it is whole', async () => {
  const {
    json: { removed },
  } = await cli.json('experiment', 'remove', 'plan')
  assert.equal(removed.runs.length, 2)
  assert.deepEqual((await cli.json('experiment', 'list')).json.experiments, [])
  assert.equal((await namesOf()).length, 3)
  const { out } = await cli.run('trash', 'restore', 'plan')
  assert.equal(out.trim(), '1 experiment and 2 runs restored.')
  assert.equal((await cli.json('experiment', 'show', 'plan')).json.runs.length, 2)
  assert.equal((await cli.json('experiment', 'remove', 'plan', '--keep-runs')).json.removed.runs.length, 0)
  assert.equal((await namesOf()).length, 5)
})

test('datasets remove says what went with it, embeddings remove takes codes, trash empty what was removed', async () => {
  const used = await cli.json('datasets', 'remove', 'digits')
  assert.deepEqual([used.json.error.code, used.code === 0], ['DATASET_IN_USE', false])
  // The remedy is a command.
  assert.match(used.json.error.message, /aebench runs remove/)
  for (const name of ['a', 'b']) assert.equal((await cli.json('embed', 'one', '--dataset', 'digits', '--name', name)).code, 0)
  assert.equal((await cli.json('embeddings', 'remove', 'no such codes')).json.error.code, 'CALL_INVALID')
  assert.equal((await cli.json('embeddings', 'remove', 'a')).json.removed[0].name, 'a')
  assert.deepEqual(
    (await cli.json('embeddings', 'list')).json.embeddings.map(({ name }: { name: string }) => name),
    ['b'],
  )

  assert.equal((await cli.json('runs', 'remove', 'three')).code, 0)
  const { runs, experiments, bytes } = (await cli.json('trash', 'empty')).json
  assert.deepEqual([runs, experiments, bytes > 0, await trash()], [1, 1, true, []])
  const rest = await namesOf()
  assert.equal((await cli.json('runs', 'remove', ...rest)).code, 0)
  const gone = await cli.json('datasets', 'remove', 'digits')
  assert.equal(gone.code, 0)
  // For good: the runs of it that lay in the trash, and its codes.
  assert.deepEqual([gone.json.removed.name, gone.json.removed.trashed, gone.json.removed.codes], ['digits', rest.length, 1])
  assert.deepEqual([(await cli.json('datasets', 'list')).json.datasets, await trash()], [[], []])
  assert.ok(existsSync(join(folder, 'digits', '3')), 'the images themselves stay')
  assert.equal((await cli.json('datasets', 'remove', 'digits')).json.error.code, 'DATASET_UNKNOWN')
})
