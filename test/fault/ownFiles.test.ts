import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { CallName } from '../../src/shared/calls.ts'
import type { WorkbenchError } from '../../src/shared/errors.ts'
import { temporaryName } from '../../src/main/engine/export/leftovers.ts'
import { checkTarget } from '../../src/main/engine/export/targetFile.ts'
import { checkFolder, writeFolder } from '../../src/main/engine/export/targetFolder.ts'
import { sweepTargets } from '../../src/main/engine/export/targetNotes.ts'
import { failure } from '../fixtures/exports.ts'
import { homeWithDataset, temporaryFolder, testEngine } from '../fixtures/homes.ts'

/** What the workbench keeps is never replaced, however a path to it is spelled; what is replaced elsewhere is replaced whole. */

const everything = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/\.sqlite-(wal|shm)$|engine\.log/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((file) => [relative(folder, file), createHash('sha256').update(readFileSync(file)).digest('hex')]),
  )

/** A home that has one of each kind of file, and an experiment that has ended. */
async function fullHome(t: TestContext) {
  const home = homeWithDataset(t),
    engine = testEngine(t, home)
  const { experiment } = await engine.call('experiments.create', {
    plan: {
      name: 'one',
      dataset: 'digits',
      seeds: [1, 11],
      settings: { 'network.layers': [4] },
      variants: [{ variant: 'classical' }],
    },
  })
  await engine.next((event) => (event.type === 'experiment' && event.ended ? true : undefined))
  const [run, second] = (await engine.call('runs.list', {})).runs.map(({ id }) => id) as [string, string]
  for (const [folder, name] of [
    ['datasets/d', 'pixels.bin'],
    ['embeddings/e', 'codes.npy'],
    ['trash/r/checkpoints', 'last.safetensors'],
  ] as const) {
    mkdirSync(join(home, folder), { recursive: true })
    writeFileSync(join(home, folder, name), 'ours')
  }
  writeFileSync(join(home, 'workbench.sqlite.backup-2026-v3'), 'ours')
  writeFileSync(join(home, 'engine.log'), 'ours')
  const own = [
    'workbench.sqlite',
    'workbench.sqlite-wal',
    'workbench.sqlite-shm',
    'lock.sqlite',
    'engine.log',
    'workbench.sqlite.backup-2026-v3',
    `runs/${run}/checkpoints/last.safetensors`,
    'datasets/d/pixels.bin',
    'embeddings/e/codes.npy',
    'trash/r/checkpoints/last.safetensors',
  ].filter((name) => existsSync(join(home, name)))
  return { home, engine, experiment: experiment.id, run, second, own }
}

/** Every call that writes where a user says. */
const writing: {
  name: CallName
  input(parts: { run: string; second: string; experiment: string }, out: string): Record<string, unknown>
  field: string
  ending: string
}[] = [
  { name: 'exports.create', input: ({ run }, out) => ({ run, part: 'encoder', out, force: true }), field: 'out', ending: '' },
  { name: 'experiments.pack', input: ({ experiment }, file) => ({ experiment, file, force: true }), field: 'file', ending: '' },
  {
    name: 'compare.export',
    input: ({ run, second }, out) => ({ runs: [run, second], kind: 'csv', out, force: true }),
    field: 'out',
    ending: '',
  },
  {
    name: 'compare.export',
    input: ({ run, second }, out) => ({ runs: [run, second], kind: 'report', out, force: true }),
    field: 'out',
    ending: '',
  },
  {
    name: 'objective',
    input: (_, out) => ({
      variant: 'classical',
      settings: { network: { layers: [4] } },
      in: join(dirname(out), 'in.safetensors'),
      out,
    }),
    field: 'out',
    ending: '',
  },
  {
    name: 'embeddings.create',
    input: ({ run }, out) => ({ encoder: { run }, data: { dataset: 'digits' }, out, force: true }),
    field: 'out',
    ending: '.npz',
  },
]

test('no call replaces a file of the home, whatever path leads to it', async (t) => {
  const { home, engine, experiment, run, second, own } = await fullHome(t)
  const folder = temporaryFolder(t)
  symlinkSync(home, join(folder, 'other'))
  symlinkSync(join(home, 'runs'), join(folder, 'runs'))
  // The database's own files change while it is used.
  const before = everything(home)
  for (const [index, name] of own.entries()) {
    const file = join(home, name),
      paths = [file, join(home, 'runs', '..', name), join(folder, 'other', name)]
    const link = join(folder, `link-${index}`),
      hard = join(folder, `hard-${index}`)
    symlinkSync(file, link)
    linkSync(file, hard)
    paths.push(link, hard, ...(name.startsWith('runs/') ? [join(folder, name)] : []))
    for (const out of paths) {
      for (const { name: call, input, field, ending } of writing) {
        const target = `${out}${ending}`
        if (ending !== '' && (out === link || out === hard || dirname(file) === home)) continue
        const thrown = await engine.call(call, input({ run, second, experiment }, target) as never).then(
          () => 'nothing',
          (error: unknown) => error,
        )
        const { code, message, field: named } = thrown as WorkbenchError
        assert.deepEqual(
          [code, named, /own files/.test(message)],
          ['EXPORT_UNWRITABLE', field, true],
          `${call} ${target}: ${message}`,
        )
      }
    }
    for (const out of [dirname(file), join(dirname(file), 'new')]) {
      if (out === join(home, 'new')) continue
      await assert.rejects(
        engine.call('exports.many', { experiment, part: 'encoder', out, force: true }),
        failure('EXPORT_UNWRITABLE', /own files/),
        out,
      )
    }
  }
  assert.deepEqual(everything(home), before)
  assert.ok(!existsSync(join(home, 'targets')), 'nothing was begun')
  // A name that SQLite would take for its own is none for an export.
  await assert.rejects(
    engine.call('compare.export', { runs: [run, second], kind: 'csv', out: join(home, 'workbench.sqlite-journal') }),
    failure('EXPORT_UNWRITABLE', /own files/),
  )
  // Elsewhere, and with a name of its own beside ours, a file is replaced.
  for (const out of [join(folder, 'a.csv'), join(home, 'a.csv')])
    for (const force of [false, true])
      assert.equal((await engine.call('compare.export', { runs: [run, second], kind: 'csv', out, force })).export.file, out)
})

test(
  'a home, or a part of it, that is mounted elsewhere is told by what ' +
    'it is: as where capitals do not count, no path gives it away',
  async (t) => {
    const folder = temporaryFolder(t),
      home = join(folder, 'home'),
      other = join(folder, 'other')
    mkdirSync(join(home, 'datasets', 'abc'), { recursive: true })
    writeFileSync(join(home, 'datasets', 'abc', 'pixels.csv'), 'ours')
    mkdirSync(other)
    for (const [from, out] of [
      [home, 'datasets/abc/pixels.csv'],
      [home, 'lock.sqlite'],
      [join(home, 'datasets'), 'abc/new.csv'],
    ] as const) {
      if (process.platform !== 'linux' || spawnSync('mount', ['--bind', from, other]).status !== 0)
        return t.skip('a folder can only be mounted by root on Linux')
      try {
        await assert.rejects(checkTarget(join(other, out), true, home), failure('EXPORT_UNWRITABLE', /own files/), out)
      } finally {
        assert.equal(spawnSync('umount', [other]).status, 0)
      }
    }
  },
)

test('the command line, which writes answers itself, keeps off the home, too', async (t) => {
  const { engine, home, run } = await fullHome(t)
  await engine.engine.close()
  const before = readFileSync(join(home, 'lock.sqlite'))
  for (const name of ['lock.sqlite', 'runs/x']) {
    const { status, stdout } = spawnSync(
      process.execPath,
      [
        fileURLToPath(new URL('../../src/main/engine/cli.ts', import.meta.url)),
        'explore',
        'histograms',
        run,
        '--out',
        join(home, `${name}.csv`),
        '--force',
        '--home',
        home,
        '--json',
      ],
      { encoding: 'utf8' },
    )
    assert.notEqual(status, 0)
    assert.match(JSON.parse(stdout.trim().split('\n').at(-1)!).error.message, /own files|folder does not exist/)
  }
  assert.deepEqual(readFileSync(join(home, 'lock.sqlite')), before)
})

const contents = (folder: string) =>
  Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((name) => [name, lstatSync(join(folder, name)).isFile() ? readFileSync(join(folder, name), 'utf8') : 'folder']),
  )

test('a folder that is filled anew is as before when that fails, and complete after a kill among the renames', async (t) => {
  const folder = temporaryFolder(t),
    target = join(folder, 'files'),
    home = join(folder, 'home')
  mkdirSync(join(home, 'targets'), { recursive: true })
  mkdirSync(target)
  const old = { 'a.onnx': 'old a', 'index.json': 'old index', 'notes.txt': 'mine' }
  const fresh = { 'a.onnx': 'new a', 'b.onnx': 'new b', 'index.json': 'new index' }
  const write = (into: string, files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(into, name), text)
  }
  write(target, old)
  assert.equal(await checkFolder(target, true, home), target)
  // A folder has the name of a file: noticed before anything is replaced.
  mkdirSync(join(target, 'b.onnx'))
  await assert.rejects(
    writeFolder(target, async (into) => write(into, fresh)),
    failure('EXPORT_UNWRITABLE', /b\.onnx.*not an ordinary file/),
  )
  rmSync(join(target, 'b.onnx'), { recursive: true })
  assert.deepEqual(contents(target), old)

  // Killed before the first rename, between two, or after the last one: as its folder then is, under the name of a process that is gone.
  const gone = spawnSync(process.execPath, ['-e', '']).pid!
  for (const [moved, announced] of [
    [0, false],
    [0, true],
    [1, true],
    [3, true],
  ] as const) {
    rmSync(target, { recursive: true })
    mkdirSync(target)
    write(target, old)
    const temporary = join(target, temporaryName().replace(`-${process.pid}-`, `-${gone}-`))
    mkdirSync(join(temporary, '.replaced'), { recursive: true })
    write(temporary, fresh)
    if (announced) writeFileSync(join(temporary, '.moving'), '')
    for (const name of Object.keys(fresh).slice(0, moved)) {
      writeFileSync(join(target, name), readFileSync(join(temporary, name)))
      rmSync(join(temporary, name))
    }
    writeFileSync(join(home, 'targets', `${gone}-note`), JSON.stringify([folder, target]))
    const { files, left } = await sweepTargets(home)
    assert.deepEqual([files, left], [1, 0])
    assert.deepEqual(contents(target), announced ? { ...old, ...fresh } : old)
    assert.deepEqual(readdirSync(join(home, 'targets')), [])
  }
})

test('what exports left in folders that nobody writes to again is removed by the next start, and only that', async (t) => {
  const home = homeWithDataset(t),
    folder = temporaryFolder(t),
    away = join(folder, 'taken-out')
  const gone = spawnSync(process.execPath, ['-e', '']).pid!
  const named = (pid: number) => temporaryName().replace(`-${process.pid}-`, `-${pid}-`)
  writeFileSync(join(folder, named(gone)), 'half')
  writeFileSync(join(folder, `${named(gone)}.${gone}.partial`), 'half')
  const alive = named(process.ppid)
  writeFileSync(join(folder, alive), 'being written')
  writeFileSync(join(folder, '.workbench-export-mine.tmp'), 'mine')
  mkdirSync(join(home, 'targets'), { recursive: true })
  writeFileSync(join(home, 'targets', `${gone}-1`), JSON.stringify([folder]))
  writeFileSync(join(home, 'targets', `${gone}-2`), JSON.stringify([away]))
  const { files, bytes, left } = await sweepTargets(home)
  assert.deepEqual([files, bytes, left], [2, 8, 1])
  assert.deepEqual(readdirSync(folder).sort(), [alive, '.workbench-export-mine.tmp'].sort())
  assert.deepEqual(
    readdirSync(join(home, 'targets')).sort(),
    [`${gone}-1`, `${gone}-2`],
    'one is written to still, the other is away',
  )
  assert.equal(basename(away), 'taken-out')
})
