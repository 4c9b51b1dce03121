import { test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createEngine } from '../../src/main/engine/engine.ts'
import { checkHome } from '../../src/main/engine/doctor/home.ts'
import { homeAt } from '../../src/main/engine/home.ts'
import { openDatabase } from '../../src/main/engine/store/database.ts'
import { recover } from '../../src/main/engine/recovery/recover.ts'
import { migrations } from '../../src/main/engine/store/migrations/index.ts'
import { openStore } from '../../src/main/engine/store/store.ts'
import { commandLine, type CommandLine } from '../fixtures/commandLine.ts'
import { temporaryFolder } from '../fixtures/homes.ts'
import { smallDigits, writeRows } from '../fixtures/tinyDataset.ts'

const plan = {
  name: 'which one', dataset: 'small', seeds: [1, 2], variants: [{ variant: 'classical' }],
  settings: { 'network.layers': [4, 2], 'training.epochs': 2, 'training.batchSize': 32 },
}

/** A home as work leaves it: a dataset, an experiment of two runs, and a run by itself. */
async function worked(t: TestContext): Promise<{ home: string; commands: CommandLine; run: string }> {
  const folder = temporaryFolder(t), home = join(folder, 'home')
  const commands = commandLine(folder, home)
  t.after(commands.end)
  writeRows(join(folder, 'digits.npz'), [200, 4, 4], smallDigits(200))
  writeFileSync(join(folder, 'plan.json'), JSON.stringify(plan))
  const add = await commands.json('datasets', 'add', '--name', 'small', '--path', join(folder, 'digits.npz'))
  assert.equal(add.code, 0, add.errors)
  const experiment = await commands.json('experiment', 'run', 'plan.json')
  assert.equal(experiment.code, 0, experiment.errors)
  const settings = ['--set', 'network.layers=4,2', '--set', 'training.epochs=3']
  const alone = await commands.json('train', '--dataset', 'small', '--variant', 'denoising', ...settings, '--seed', '7')
  assert.equal(alone.code, 0, alone.errors)
  return { home, commands, run: alone.json.run.id }
}

const shownOf = async (commands: CommandLine) => ({
  datasets: (await commands.json('datasets', 'list')).json.datasets,
  runs: (await commands.json('runs', 'list')).json.runs,
  experiments: (await commands.json('experiment', 'list')).json.experiments,
})

test('a lost database is said, and made again from folders: with records, from checkpoints alone, from a backup', async (t) => {
  const { home, commands, run } = await worked(t)
  const file = homeAt(home).database
  const before = await shownOf(commands)
  const aside = join(temporaryFolder(t), 'whole')
  cpSync(home, aside, { recursive: true })

  for (const [what, lose] of [
    ['is missing', () => rmSync(file)],
    ['is empty', () => writeFileSync(file, '')],
    ['is empty', () => { rmSync(file); openDatabase(file, []).close() }],
    ['names no dataset and no run', () => { rmSync(file); openStore(file).close() }],
  ] as const) {
    lose()
    const bytes = existsSync(file) ? readFileSync(file) : null
    const message = new RegExp(`${what}, but 1 dataset and 3 runs .*doctor --recover`)
    assert.throws(() => createEngine({ home }), { code: 'DATABASE_MISSING', message })
    const isThere = existsSync(file)
    if (what !== 'names no dataset and no run') assert.deepEqual(isThere ? readFileSync(file) : null, bytes, 'no empty one takes its place')
  }
  assert.match(checkHome(homeAt(home)).find(({ name }) => name === 'Database')!.detail, /doctor --recover/)

  const recovered = await commands.json('doctor', '--recover')
  assert.equal(recovered.code, 0, recovered.errors)
  const { datasets, runs, experiments, keptAside, notes } = recovered.json.recovery
  assert.deepEqual([datasets, runs, experiments], [1, 3, 1])
  assert.ok(existsSync(keptAside))
  assert.match(notes.join('\n'), /curves and pictures of 3 runs/)
  const after = await shownOf(commands)
  assert.deepEqual(after.datasets, before.datasets)
  assert.deepEqual(after.runs, before.runs, 'with names, states, configs and evaluations')
  const states = (all: any[]) => all.map((experiment) => [experiment.name, experiment.states])
  assert.deepEqual(states(after.experiments), states(before.experiments))
  assert.throws(() => recover(homeAt(home)), { code: 'DATABASE_SOUND' })

  // As of earlier versions, which kept no records: from checkpoints and indexes alone, a run that was stopped among them.
  const names = readdirSync(home, { recursive: true, encoding: 'utf8' })
  const records = names.filter((name) => name.endsWith('.record.json') || name.startsWith('experiments/'))
  assert.ok(records.length >= 5)
  for (const name of records) rmSync(join(home, name))
  writeFileSync(file, 'no database at all '.repeat(500))
  const early = join(homeAt(home).run(run), 'checkpoints')
  const snapshot = readdirSync(early).find((name) => name === 'snapshot-0.safetensors')
  if (snapshot !== undefined) cpSync(join(early, snapshot), join(early, 'last.safetensors'))
  assert.throws(() => createEngine({ home }), { code: 'DATABASE_DAMAGED', message: /no sound backup.*doctor --recover/ })
  const bare = await commands.json('doctor', '--recover')
  assert.equal(bare.code, 0, bare.errors)
  assert.match(readFileSync(bare.json.recovery.keptAside, 'utf8'), /^no database at all/)
  assert.match(bare.json.recovery.notes.join('\n'), /is called “digits” now[\s\S]*no evaluation any more: evaluate again/)
  const found = await shownOf(commands)
  assert.deepEqual(found.datasets, before.datasets.map((dataset: object) => ({ ...dataset, name: 'digits' })))
  const essence = (all: any[]) =>
    all.map(({ id, config, seed, variant }) => ({ id, config, seed, variant })).sort((a, b) => a.id.localeCompare(b.id))
  assert.deepEqual(essence(found.runs), essence(before.runs))
  const stateOf = Object.fromEntries(found.runs.map(({ id, state }: any) => [id, state]))
  assert.equal(stateOf[run], snapshot === undefined ? 'completed' : 'interrupted')
  assert.deepEqual(Object.entries(stateOf).filter(([id]) => id !== run).map(([, state]) => state), ['completed', 'completed'])
  const other = found.runs.find(({ id }: any) => id !== run)
  const evaluated = await commands.json('evaluate', other.id)
  assert.equal(evaluated.code, 0, evaluated.errors)
  const { seconds: _, ...figures } = before.runs.find(({ id }: any) => id === other.id).evaluation
  const { seconds: __, ...again } = evaluated.json.run.evaluation
  assert.deepEqual(again, figures, 'the weights are those that were measured before')
  const resumed = await commands.json('resume', run)
  if (snapshot !== undefined) assert.equal(resumed.json.run.state, 'completed', resumed.errors)

  // A backup is where it begins; what came later is taken from folders.
  rmSync(home, { recursive: true })
  renameSync(aside, home)
  const store = openStore(file)
  const { name } = store.runs.get(run)
  store.database.prepare('DELETE FROM runs WHERE id = ?').run(run)
  store.database.prepare('VACUUM INTO ?').run(`${file}.backup-2026-01-01T00-00-00-000Z-v${migrations.length}`)
  store.close()
  const bytes = readFileSync(file)
  writeFileSync(`${file}.backup-2026-02-01T00-00-00-000Z-v${migrations.length}`, bytes.subarray(0, 9000))
  writeFileSync(file, bytes.fill(0xa5, 4096, 3 * 4096))
  assert.throws(() => createEngine({ home }), { code: 'DATABASE_DAMAGED', message: /newest sound backup \(.*2026-01-01/ })
  assert.match(recover(homeAt(home)).backup!, /2026-01-01/)
  assert.deepEqual(essence((await shownOf(commands)).runs), essence(before.runs))
  const last = openStore(file)
  t.after(() => last.close())
  assert.equal(last.runs.get(run).name, name)
  assert.ok(last.points.series(other.id, undefined, undefined).length > 0, 'those of the backup have their curves')
  assert.deepEqual(readdirSync(home).filter((each) => each.includes('.recovering')), [])
})

const skip = process.platform === 'win32'
test('what lies in a home is its owner\'s alone; an older home is made so; one that holds other things is left', { skip }, async (t) => {
  const modeOf = (path: string) => statSync(path).mode & 0o777
  const everything = (home: string) =>
    readdirSync(home, { recursive: true, encoding: 'utf8' }).map((name) => join(home, name)).filter((path) => !path.endsWith('.sock'))
  const { home, commands, run } = await worked(t)
  assert.equal(modeOf(home), 0o700)
  assert.ok(everything(home).length > 20)
  for (const path of everything(home)) assert.equal(modeOf(path) & 0o077, 0, path)

  // What is asked for elsewhere is the user's as ever.
  const folder = temporaryFolder(t), out = join(folder, 'encoder.onnx')
  const exported = await commands.json('export', run, '--part', 'encoder', '--out', out)
  assert.equal(exported.code, 0, exported.errors)
  // Engines in this process have changed its umask, and kept what it was.
  const mask = Number.parseInt(process.env['WORKBENCH_UMASK'] ?? process.umask().toString(8), 8)
  assert.equal(modeOf(out), 0o666 & ~mask)
  const old = join(folder, 'old'), mixed = join(folder, 'mixed')
  const before = process.umask(0o022)
  t.after(() => process.umask(before))
  for (const each of [old, mixed]) {
    mkdirSync(join(each, 'datasets', 'abc'), { recursive: true })
    writeFileSync(join(each, 'datasets', 'abc', 'pixels.bin'), '')
  }
  mkdirSync(join(mixed, 'thesis'))
  writeFileSync(join(mixed, 'thesis', 'chapter.tex'), '')
  for (const each of [old, mixed]) await createEngine({ home: each }).close()
  const packed = join(old, 'datasets', 'abc')
  assert.deepEqual([modeOf(old), modeOf(packed), modeOf(join(packed, 'pixels.bin'))], [0o700, 0o700, 0o600])
  assert.match(readFileSync(join(old, 'engine.log'), 'utf8'), /could be read by other users/)
  assert.deepEqual([modeOf(mixed), modeOf(join(mixed, 'thesis')), modeOf(join(mixed, 'thesis', 'chapter.tex'))], [0o755, 0o755, 0o644])
  assert.equal(modeOf(join(mixed, 'datasets')), 0o700)
})
