import { test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Check } from '../../src/main/engine/doctor/check.ts'
import { homeAt } from '../../src/main/engine/home.ts'
import { openStore } from '../../src/main/engine/store/store.ts'
import { isTrial } from '../../src/main/engine/files/disk.ts'
import { connect } from '../../src/main/engine/store/sqlite.ts'
import { onBrokenDisk, type Broken } from '../fixtures/brokenDisk.ts'
import { commandLine } from '../fixtures/commandLine.ts'
import { homeWithDataset, temporaryFolder, testEngine } from '../fixtures/homes.ts'

const engineProcess = fileURLToPath(new URL('../fixtures/engineProcess.ts', import.meta.url))
const isLinux = process.platform === 'linux'

/** An engine that trains in a process of its own, on a file system with these faults. `committed`: resolves after so many points. */
function engineOn(t: TestContext, home: string, broken: Broken): { child: ChildProcess; committed(points: number): Promise<void> } {
  const child = spawn(process.execPath, [engineProcess, home], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: onBrokenDisk(home, broken),
  })
  t.after(() => child.kill('SIGKILL'))
  let points = 0,
    errors = '',
    look = (): void => {}
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    points = Number(line.split(' ')[1])
    look()
  })
  const committed = (wanted: number) =>
    new Promise<void>((resolve, reject) => {
      look = () => {
        if (points >= wanted) resolve()
      }
      look()
      child.once('close', () => reject(new Error(`The engine ended: ${errors}`)))
    })
  return { child, committed }
}

const source = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)

/** What doctor says of a home, by the name of the check; in a process of its own. Its other checks would cost seconds. */
function homeChecks(home: string, env: NodeJS.ProcessEnv): Record<string, string> {
  const checks = JSON.parse(
    runCode(
      `
    const { checkHome } = await import(${source('../../src/main/engine/doctor/home.ts')})
    const { homeAt } = await import(${source('../../src/main/engine/home.ts')})
    console.log(JSON.stringify(checkHome(homeAt(${JSON.stringify(home)}))))`,
      env,
    ),
  ) as Check[]
  return Object.fromEntries(checks.map(({ name, ok, detail }) => [name, ok ? detail : `FAIL ${detail}`]))
}

/** Runs a module in a process of its own. @returns what it printed */
function runCode(code: string, env: NodeJS.ProcessEnv): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { env, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return stdout
}

const disks: [title: string, broken: Broken, journal: RegExp][] = [
  ['without shared memory', { DISK_SHM: 'fails' }, /^journal WAL, for one process alone \(.*memory cannot be shared there\)/],
  ['of NFS, on which the shared memory seems to work', { DISK_TYPE: '6969' }, /^journal WAL, for one process alone \(NFS/],
  [
    'of NFS without shared memory and without locks',
    { DISK_TYPE: '6969', DISK_SHM: 'fails', DISK_LOCKS: 'none' },
    /alone, without locks of the system \(NFS.*files cannot be locked/,
  ],
  [
    'of SMB whose locks are granted to everybody',
    { DISK_TYPE: 'fe534d42', DISK_LOCKS: 'lie' },
    /^journal WAL, for one process alone \(SMB/,
  ],
  ['that grants locks to everybody and seems local', { DISK_LOCKS: 'lie' }, /^journal WAL \(/],
  [
    'of sshfs without a write-ahead log',
    { DISK_TYPE: '65735546', DISK_WAL: 'fails' },
    /^journal TRUNCATE, for one process alone \(FUSE.*a write-ahead log does not work/,
  ],
]

for (const [title, broken, journal] of disks) {
  const what = `a home on a disk ${title}: one engine has it, doctor says how, a kill loses nothing, the next start has it at once`
  test(what, { skip: !isLinux }, async (t) => {
    const home = temporaryFolder(t)
    const { child, committed } = engineOn(t, homeOn(home, broken), broken)
    await committed(12)
    const commands = commandLine(home, home, onBrokenDisk(home, broken))
    t.after(commands.end)

    // A second engine is refused, saying who has it; doctor does not take what is in use for damaged.
    const second = spawn(process.execPath, [engineProcess, home], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: onBrokenDisk(home, broken),
    })
    let said = ''
    second.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    const [code] = (await once(second, 'close')) as [number]
    assert.notEqual(code, 0)
    assert.match(said, new RegExp(`already running on .* \\(process ${child.pid}\\)`))
    const env = onBrokenDisk(home, broken)
    const while_ = homeChecks(home, env)
    assert.match(while_['Lock']!, new RegExp(`^held by a running engine \\(process ${child.pid} on `))
    assert.match(while_['Journal']!, journal)
    assert.match(while_['Database']!, /^(sound|in use by the running engine)/)

    child.kill('SIGKILL')
    await once(child, 'close')
    const after = homeChecks(home, env)
    assert.match(after['Lock']!, /^free; by /)
    assert.doesNotMatch(after['Database']!, /damaged/)
    const { json } = await commands.json('runs', 'list')
    assert.deepEqual(
      json.runs.map((run: { state: string }) => run.state),
      ['interrupted'],
    )
    const store = openStore(homeAt(home).database)
    t.after(() => store.close())
    const [series] = store.points.series(json.runs[0].id, ['train/loss'], undefined)
    const steps = [...series!.step]
    assert.ok(steps.length >= 12)
    assert.deepEqual(
      steps,
      steps.map((_, index) => index + 1),
    )
    const left = readdirSync(home).filter((name) => name.startsWith('owner-') || isTrial(name))
    assert.deepEqual(left, [], 'nothing of the dead is left')
  })
}

/** A home with a dataset that was made on that file system: one that was made elsewhere may be in a mode that is not possible there. */
function homeOn(home: string, broken: Broken): string {
  runCode(
    `
    const { homeAt, prepareHome } = await import(${source('../../src/main/engine/home.ts')})
    const { openStore } = await import(${source('../../src/main/engine/store/store.ts')})
    const { sampleDataset } = await import(${source('../fixtures/homes.ts')})
    const home = homeAt(${JSON.stringify(home)})
    prepareHome(home)
    const store = openStore(home.database)
    store.datasets.insert(sampleDataset, [])
    store.close()`,
    onBrokenDisk(home, broken),
  )
  return home
}

test('many that want a home at once, on a disk that grants every lock: never two have it', { skip: !isLinux }, async (t) => {
  const home = temporaryFolder(t),
    shared = temporaryFolder(t)
  // Each holds the home for a moment in which no other may: a file that must not be there yet shows it.
  const code = `
    import { openSync, closeSync, rmSync } from 'node:fs'
    const { tryLock } = await import(${source('../../src/main/engine/store/database.ts')})
    const inside = ${JSON.stringify(join(shared, 'inside'))}
    let won = 0
    for (let round = 0; round < 40; round += 1) {
      const lock = tryLock(${JSON.stringify(join(home, 'lock.sqlite'))})
      if (lock === null) continue
      closeSync(openSync(inside, 'wx'))
      won += 1
      rmSync(inside)
      lock.release()
    }
    console.log(won)`
  const faults: Broken[] = [{ DISK_LOCKS: 'lie' }, { DISK_LOCKS: 'lie', DISK_TYPE: '6969' }, { DISK_LOCKS: 'none' }]
  const ended = await Promise.all(
    faults.map(async (broken) => {
      const env = onBrokenDisk(home, broken)
      const child = spawn(process.execPath, ['--input-type=module', '-e', code], { env, stdio: ['ignore', 'pipe', 'pipe'] })
      let out = '',
        errors = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text
      })
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        errors += text
      })
      const [status] = (await once(child, 'close')) as [number]
      assert.equal(status, 0, errors)
      return Number(out)
    }),
  )
  assert.ok(ended.reduce((sum, won) => sum + won, 0) > 0, 'and somebody has it')
})

/** An owner's file is let go on a network where it gave no sign of life for minutes; the same file on a disk of one machine at once. */
async function takenAfterMinutes(home: string, file: string, network: ReturnType<typeof commandLine>): Promise<void> {
  const owner = readFileSync(file),
    old = new Date(Date.now() - 6 * 60_000)
  utimesSync(file, old, old)
  assert.equal((await network.json('datasets', 'list')).code, 0)
  assert.equal(existsSync(file), false)
  writeFileSync(file, owner)
  assert.equal((await commandLine(home, home).json('datasets', 'list')).code, 0)
}

test('a home of another machine is taken only where that gave no sign of life for minutes', { skip: !isLinux }, async (t) => {
  const home = homeWithDataset(t)
  const file = join(home, 'owner-00000000-0000-4000-8000-000000000000.json')
  const since = '2026-01-01T00:00:00.000Z'
  const owner = { id: '0', host: 'elsewhere', machine: 'x', boot: 'y', space: 'z', pid: 4711, started: '1', since }
  const network = commandLine(home, home, onBrokenDisk(home, { DISK_TYPE: '6969' }))
  writeFileSync(file, JSON.stringify(owner))
  const checks = homeChecks(home, onBrokenDisk(home, { DISK_TYPE: '6969' }))
  assert.match(checks['Lock']!, /^held by a running engine \(process 4711 on elsewhere/)
  // The disk of one machine is nobody else's: whoever wrote that is gone, or the folder was copied.
  await takenAfterMinutes(home, file, network)
})

test(
  'an owner of the same name that may be another machine is waited for, where machines share the disk',
  { skip: !isLinux },
  async (t) => {
    const home = homeWithDataset(t)
    const file = join(home, 'owner-00000000-0000-4000-8000-000000000000.json')
    // A copy of a machine has its name and its id, and never the same start; some systems have no id.
    const machine = existsSync('/etc/machine-id') ? readFileSync('/etc/machine-id', 'utf8').trim() : ''
    const owner = {
      id: '0',
      host: hostname(),
      machine,
      boot: 'another start',
      space: 'z',
      pid: 4711,
      started: '1',
      since: '2026-01-01T00:00:00.000Z',
    }
    const network = commandLine(home, home, onBrokenDisk(home, { DISK_TYPE: '6969', DISK_LOCKS: 'lie' }))
    writeFileSync(file, JSON.stringify(owner))
    const refused = await network.json('datasets', 'list')
    assert.equal(refused.json.error?.code, 'HOME_LOCKED', JSON.stringify(refused.json))
    assert.match(
      refused.json.error.message,
      /Should that be gone, switched off or out of reach, the folder is free 5 minutes after its last sign of life/,
    )
    // A disk of this machine alone has no other: its start is over.
    await takenAfterMinutes(home, file, network)
  },
)

const cases: [title: string, prepare: (home: string) => NodeJS.ProcessEnv | (() => void), code: string, database: RegExp][] = [
  ['a read-only disk', (home) => onBrokenDisk(home, { DISK_WRITE: 'EROFS' }), 'HOME_READ_ONLY', /sound|read-only/],
  ['no permission', (home) => onBrokenDisk(home, { DISK_WRITE: 'EACCES' }), 'HOME_UNWRITABLE', /sound|not allowed/],
  [
    'a database that another program keeps locked',
    (home) => {
      const other = connect(homeAt(home).database)
      other.pragma('locking_mode = EXCLUSIVE')
      other.exec('BEGIN EXCLUSIVE')
      return () => void other.close()
    },
    'DATABASE_LOCKED',
    /Another program has/,
  ],
  [
    'a folder where the database belongs',
    (home) => {
      rmSync(homeAt(home).database)
      mkdirSync(homeAt(home).database)
      return process.env
    },
    'HOME_UNWRITABLE',
    /FAIL/,
  ],
  ...['datasets', 'runs', 'embeddings', 'trash'].map((name): (typeof cases)[number] => [
    `a file where ${name} should be`,
    (home) => {
      rmSync(join(home, name), { recursive: true, force: true })
      writeFileSync(join(home, name), '')
      return process.env
    },
    'HOME_NOT_FOLDER',
    /./,
  ]),
]

for (const [title, prepare, code, database] of cases) {
  test(`${title}: its own code and a remedy, and doctor does not take the database for damaged`, { skip: !isLinux }, async (t) => {
    const home = homeWithDataset(t)
    const prepared = prepare(home)
    if (typeof prepared === 'function') t.after(prepared)
    const env = typeof prepared === 'function' ? process.env : prepared
    const commands = commandLine(temporaryFolder(t), home, env)
    const started = await commands.json('datasets', 'list')
    assert.equal(started.json.error.code, code, JSON.stringify(started.json))
    assert.doesNotMatch(started.json.error.message, /INTERNAL|unexpected|damaged|backup in its place/)
    const checks = homeChecks(home, env)
    assert.match(checks['Database']!, database)
    assert.doesNotMatch(JSON.stringify(checks), /is damaged|--recover|backup in its place/)
  })
}

test('a file where the home should be', async (t) => {
  const file = join(temporaryFolder(t), 'home')
  writeFileSync(file, '')
  const { json } = await commandLine(temporaryFolder(t), file).json('datasets', 'list')
  assert.equal(json.error.code, 'HOME_NOT_FOLDER')
})

test(
  'on a full disk the engine starts, so that room can be made, and doctor finds a sound database',
  { skip: !isLinux },
  async (t) => {
    const home = homeWithDataset(t)
    const { engine } = testEngine(t, home)
    await engine.close()
    const commands = commandLine(temporaryFolder(t), home, onBrokenDisk(home, { DISK_WRITE: 'ENOSPC' }))
    const listed = await commands.json('datasets', 'list')
    assert.equal(listed.code, 0, listed.errors)
    const checks = homeChecks(home, onBrokenDisk(home, { DISK_WRITE: 'ENOSPC' }))
    assert.doesNotMatch(JSON.stringify(checks), /is damaged|--recover/)
    assert.match(checks['Database']!, /^sound/)
  },
)
