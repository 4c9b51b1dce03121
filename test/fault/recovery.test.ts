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
import { commandsHere, type CommandLine } from '../fixtures/commandLine.ts'
import { homeWithDataset, over, temporaryFolder, testEngine, type TestEngine } from '../fixtures/homes.ts'
import { smallDigits, writeRows } from '../fixtures/tinyDataset.ts'

const plan = {
  name: 'which one',
  dataset: 'small',
  seeds: [1, 2],
  variants: [{ variant: 'classical' }],
  settings: { 'network.layers': [4, 2], 'training.epochs': 2, 'training.batchSize': 32 },
}

/** A home as work leaves it: a dataset, an experiment of two runs, and a run by itself. */
async function worked(t: TestContext): Promise<{ home: string; commands: CommandLine; run: string }> {
  const folder = temporaryFolder(t),
    home = join(folder, 'home')
  const commands = commandsHere(folder, home)
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
    [
      'is empty',
      () => {
        rmSync(file)
        openDatabase(file, []).close()
      },
    ],
    [
      'names no dataset and no run',
      () => {
        rmSync(file)
        openStore(file).close()
      },
    ],
  ] as const) {
    lose()
    const bytes = existsSync(file) ? readFileSync(file) : null
    const message = new RegExp(`${what}, but 1 dataset and 3 runs .*doctor --recover`)
    assert.throws(() => createEngine({ home }), { code: 'DATABASE_MISSING', message })
    const isThere = existsSync(file)
    if (what !== 'names no dataset and no run')
      assert.deepEqual(isThere ? readFileSync(file) : null, bytes, 'no empty one takes its place')
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
  assert.deepEqual(
    found.datasets,
    before.datasets.map((dataset: object) => ({ ...dataset, name: 'digits' })),
  )
  const essence = (all: any[]) =>
    all.map(({ id, config, seed, variant }) => ({ id, config, seed, variant })).sort((a, b) => a.id.localeCompare(b.id))
  assert.deepEqual(essence(found.runs), essence(before.runs))
  const stateOf = Object.fromEntries(found.runs.map(({ id, state }: any) => [id, state]))
  assert.equal(stateOf[run], snapshot === undefined ? 'completed' : 'interrupted')
  assert.deepEqual(
    Object.entries(stateOf)
      .filter(([id]) => id !== run)
      .map(([, state]) => state),
    ['completed', 'completed'],
  )
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
  assert.deepEqual(
    readdirSync(home).filter((each) => each.includes('.recovering')),
    [],
  )
})

test('what failed before it had a checkpoint, and kept codes, come back from their records; what nothing tells of is said', async (t) => {
  const folder = temporaryFolder(t),
    home = join(folder, 'home')
  const commands = commandsHere(folder, home)
  t.after(commands.end)
  writeRows(join(folder, 'digits.npz'), [200, 4, 4], smallDigits(200))
  const {
    json: { dataset },
  } = await commands.json('datasets', 'add', '--name', 'small', '--path', join(folder, 'digits.npz'))
  const pca = ['train', '--dataset', 'small', '--variant', 'pca', '--set', 'network.layers=3']
  const train = (name: string) => commands.json(...pca, '--name', name)
  assert.equal((await train('good')).code, 0)
  for (const name of ['told', 'untold'])
    assert.equal((await commands.json('embed', 'good', '--dataset', 'small', '--name', name)).code, 0)
  const codes: { id: string; name: string }[] = (await commands.json('embeddings', 'list')).json.embeddings
  const away = join(folder, 'away'),
    there = homeAt(home).dataset(dataset.id)
  renameSync(there, away)
  const failed = (await train('early')).json.run
  renameSync(away, there)
  assert.equal(failed.state, 'failed')
  // Of these two nothing is known: a folder that a kill left, and codes of a version without records.
  mkdirSync(homeAt(home).run('nobody'))
  rmSync(join(homeAt(home).embedding(codes.find(({ name }) => name === 'untold')!.id), '.record.json'))
  rmSync(homeAt(home).database)

  const {
    code,
    json: { recovery },
    errors,
  } = await commands.json('doctor', '--recover')
  assert.equal(code, 0, errors)
  assert.deepEqual([recovery.runs, recovery.codes], [2, 1])
  const notes = recovery.notes.join('\n')
  assert.match(notes, /The run in \S*nobody was left out/)
  assert.match(notes, /“early” \(failed\) has no checkpoint: its settings are back/)
  assert.match(notes, /1 set of kept codes is of was in the lost database only.*aebench embed/)
  assert.match(notes, /the list of exports/)
  assert.match(notes, /curves and pictures of 1 run /)
  const runs = (await commands.json('runs', 'list')).json.runs
  assert.deepEqual(
    runs.find(({ name }: { name: string }) => name === 'early'),
    failed,
    'with its settings and its error',
  )
  assert.deepEqual(
    (await commands.json('embeddings', 'list')).json.embeddings,
    codes.filter(({ name }) => name === 'told'),
  )
  assert.equal((await commands.json('resume', 'early')).json.run.state, 'completed')
})

const skip = process.platform === 'win32'
test(
  "what lies in a home is its owner's alone; an older home is made so; one that holds other things is left",
  { skip },
  async (t) => {
    const modeOf = (path: string) => statSync(path).mode & 0o777
    const everything = (home: string) =>
      readdirSync(home, { recursive: true, encoding: 'utf8' })
        .map((name) => join(home, name))
        .filter((path) => !path.endsWith('.sock'))
    const { home, commands, run } = await worked(t)
    assert.equal(modeOf(home), 0o700)
    assert.ok(everything(home).length > 20)
    for (const path of everything(home)) assert.equal(modeOf(path) & 0o077, 0, path)

    // What is asked for elsewhere is the user's as ever.
    const folder = temporaryFolder(t),
      out = join(folder, 'encoder.onnx')
    const exported = await commands.json('export', run, '--part', 'encoder', '--out', out)
    assert.equal(exported.code, 0, exported.errors)
    // Engines in this process have changed its umask, and kept what it was.
    const mask = Number.parseInt(process.env['WORKBENCH_UMASK'] ?? process.umask().toString(8), 8)
    assert.equal(modeOf(out), 0o666 & ~mask)
    const old = join(folder, 'old'),
      mixed = join(folder, 'mixed')
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
    assert.deepEqual(
      [modeOf(mixed), modeOf(join(mixed, 'thesis')), modeOf(join(mixed, 'thesis', 'chapter.tex'))],
      [0o755, 0o755, 0o644],
    )
    assert.equal(modeOf(join(mixed, 'datasets')), 0o700)
  },
)

test('a home whose only dataset is gone, too, is recovered, started, given the dataset again, and completed', async (t) => {
  const folder = temporaryFolder(t),
    home = homeAt(join(folder, 'home'))
  writeRows(join(folder, 'digits.npz'), [200, 4, 4], smallDigits(200))
  const start = () => testEngine(t, home.folder)
  const importAgain = async (engine: TestEngine) => {
    assert.equal(
      (await over(engine, await engine.call('datasets.import', { name: 'small', path: join(folder, 'digits.npz') }))).error,
      null,
    )
  }
  const first = start()
  await importAgain(first)
  const runs: string[] = []
  for (const seed of [11, 12]) {
    const { run } = await first.call('runs.create', { dataset: 'small', variant: 'classical', seed, name: `run ${seed}` })
    runs.push((await first.until(run.id, 'completed')).id)
  }
  const [dataset] = (await first.call('datasets.list', {})).datasets
  await first.engine.close()

  // Its images alone are damaged: it is there with its runs, and can be repaired as ever.
  const damaged = join(home.dataset(dataset!.id), 'pixels.bin')
  const sound = readFileSync(damaged)
  writeFileSync(damaged, sound.subarray(0, sound.length - 1))
  rmSync(home.database)
  const listed = recover(home)
  assert.deepEqual([listed.datasets, listed.runs], [1, 2], listed.notes.join('\n'))
  assert.match(listed.notes.join('\n'), /“small” is damaged \(.*\) and is listed with its runs: “datasets repair \w+”/)
  const mended = start()
  assert.equal((await over(mended, await mended.call('datasets.repair', { dataset: 'small' }))).error, null)
  assert.deepEqual(readFileSync(damaged), sound)
  await mended.engine.close()
  assert.throws(() => recover(home), { code: 'DATABASE_SOUND' })

  // It is gone, and the database with it.
  rmSync(home.database)
  rmSync(home.dataset(dataset!.id), { recursive: true })
  assert.throws(() => createEngine({ home: home.folder }), { code: 'DATABASE_MISSING' })
  const nothing = recover(home)
  assert.deepEqual([nothing.datasets, nothing.runs], [0, 0])
  assert.match(
    nothing.notes.join('\n'),
    /“small” is not here any more; import it again, then recover once more \(aebench doctor --recover\)/,
  )
  assert.doesNotMatch(checkHome(home).find(({ name }) => name === 'Database')!.detail, /recover/)
  assert.throws(() => recover(home), { code: 'DATABASE_SOUND', message: /import it again/ }, 'which says what is yet to be done')
  const bare = start()
  assert.deepEqual((await bare.call('runs.list', {})).runs, [])
  await importAgain(bare)
  await bare.engine.close()
  const completed = recover(home)
  assert.deepEqual([completed.datasets, completed.runs, completed.keptAside], [1, 2, null], completed.notes.join('\n'))
  const last = start()
  assert.deepEqual(
    (await last.call('runs.list', {})).runs.map(({ id, name, dataset: of, state }) => ({ id, name, of, state })),
    runs.map((id, at) => ({ id, name: `run ${11 + at}`, of: 'small', state: 'completed' })),
  )
  await last.engine.close()
  assert.throws(() => recover(home), { code: 'DATABASE_SOUND', message: /there is nothing to recover\.$/ })
})

test('a database whose rows are whole and whose index is not: doctor sees it, and a recovery loses nothing', (t) => {
  const home = homeAt(homeWithDataset(t))
  const store = openStore(home.database)
  store.database.exec('CREATE INDEX extra ON datasets (name)')
  // Its content is of another column than it says, as after a lost page.
  store.database.unsafeMode(true)
  store.database.exec(
    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX extra ON datasets (source)' WHERE name = 'extra'",
  )
  store.close()
  assert.match(checkHome(home).find(({ name }) => name === 'Database')!.detail, /is damaged \(.*extra.*\); .*doctor --recover/)
  const { datasets, keptAside, notes } = recover(home)
  assert.deepEqual([datasets, keptAside], [1, null])
  assert.match(notes.join(), /Only indexes of the database were damaged.*nothing is lost/)
  assert.equal(checkHome(home).find(({ name }) => name === 'Database')!.detail, 'sound')
})
