import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { commandsHere, type CommandLine } from '../fixtures/commandLine.ts'
import { writeDigitFolder } from '../fixtures/digitFolder.ts'

/** What is damaged, and how a command line gets it in order again. */

const folder = mkdtempSync(join(tmpdir(), 'mending-')),
  home = join(folder, 'home')
let cli: CommandLine,
  dataset = '',
  run = ''

before(async () => {
  cli = commandsHere(folder, home)
  writeDigitFolder(join(folder, 'digits'), 200)
  dataset = (await cli.json('datasets', 'add', '--name', 'digits', '--path', 'digits')).json.dataset.id
  const small = ['--set', 'network.layers=6,3', '--set', 'training.epochs=1']
  const trained = await cli.json('train', '--dataset', 'digits', '--variant', 'classical', ...small)
  assert.equal(trained.code, 0, trained.errors)
  run = trained.json.run.id
})
after(() => {
  cli.end()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

function flip(file: string): void {
  const bytes = readFileSync(file)
  bytes[bytes.length - 10]! ^= 1
  writeFileSync(file, bytes)
}

test('doctor --check says each fault once, with one remedy that a command carries out', async () => {
  const checkpoints = join(home, 'runs', run, 'checkpoints')
  const names = readdirSync(checkpoints).filter((name) => name.endsWith('.safetensors'))
  const kept = new Map(names.map((name) => [name, readFileSync(join(checkpoints, name))]))
  for (const name of names) flip(join(checkpoints, name))
  const checksums = join(home, 'datasets', dataset, 'checksums.json'),
    sound = readFileSync(checksums)
  writeFileSync(checksums, sound.subarray(1))
  const {
    code,
    json: { findings },
    out,
  } = await cli.json('doctor', '--check')
  assert.notEqual(code, 0)
  assert.equal(findings.length, names.length + 1)
  for (const { problem, remedy } of findings as { problem: string; remedy: string }[]) {
    assert.doesNotMatch(problem, /restore|repair|train again|remove/i, 'a problem is none of what to do')
    assert.ok(remedy.length > 0)
  }
  assert.doesNotMatch(out, /unexpected/i)
  // As it is printed, each can be typed: by ids, which hold no spaces, and with all that it takes.
  assert.match(out, new RegExp(`“datasets repair ${dataset}”`))
  assert.match(
    out,
    new RegExp(
      `“runs show ${run} --config > settings.json”, then “train --dataset ` +
        `${dataset} --variant classical --seed 1 --config settings.json”`,
    ),
  )
  writeFileSync(checksums, sound)
  flip(join(home, 'datasets', dataset, 'labels.bin'))
  const shown = await cli.json('datasets', 'show', 'digits')
  assert.equal(shown.json.error.code, 'FILE_DAMAGED')
  assert.match(shown.json.error.message, new RegExp(`“datasets repair ${dataset}”`))
  for (const [name, bytes] of kept) writeFileSync(join(checkpoints, name), bytes)
})

test('the settings of a run are a file that train takes', async () => {
  const { out } = await cli.run('runs', 'show', run, '--config')
  writeFileSync(join(folder, 'like.json'), out)
  const plain = (await cli.json('runs', 'show', run)).json.run.config
  assert.deepEqual(JSON.parse(out), plain)
  const like = ['--config', join(folder, 'like.json'), '--name', 'again']
  const {
    json: { run: failed },
  } = await cli.json('train', '--dataset', 'digits', '--variant', 'classical', ...like)
  // Its labels are damaged; nobody else says what the run is.
  assert.deepEqual([failed.state, failed.config], ['failed', plain])
})

test('a repair says where to name a source that moved, that it is the source now, and which runs can go on', async () => {
  renameSync(join(folder, 'digits'), join(folder, 'moved'))
  const lost = await cli.json('datasets', 'repair', 'digits')
  assert.equal(lost.json.error.code, 'PATH_MISSING')
  assert.match(lost.json.error.message, /“digits” was made of \S+digits, which is not there any more; .*datasets repair \w+ --path/)
  const { code, json, errors } = await cli.json('datasets', 'repair', 'digits', '--path', 'moved')
  assert.equal(code, 0, errors)
  assert.deepEqual([json.source, json.sourceBefore], [join(folder, 'moved'), join(folder, 'digits')])
  assert.equal((await cli.json('datasets', 'list')).json.datasets[0].source, join(folder, 'moved'))
  const [stopped] = json.stopped
  assert.equal((await cli.json('runs', 'show', stopped)).json.run.name, 'again')
  // Once it is the source nothing more is said of it.
  const { out } = await cli.run('datasets', 'repair', 'digits')
  assert.match(out, /^“digits” is whole again, with the same images\.\n1 run of it stopped before and can go on: “resume \w+”\.\n$/)
  assert.equal((await cli.json('resume', stopped)).json.run.state, 'completed')
  assert.equal((await cli.json('doctor', '--check')).code, 0)
})
