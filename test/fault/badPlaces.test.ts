import { test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { WorkbenchError } from '../../src/shared/errors.ts'
import { homeWithDataset, made, over, temporaryFolder, testEngine } from '../fixtures/homes.ts'
import { engineWithDigits } from '../fixtures/outcomes.ts'

/** A folder that is all of the path: `sbatch` and its like are what a test writes there. */
function programs(t: TestContext) {
  const folder = temporaryFolder(t),
    before = process.env['PATH']
  // What scripts need beside them.
  for (const name of ['sh', 'cat', 'date', 'df', 'awk', 'sed', 'grep', 'uname', 'mv', 'dirname', 'rm', 'cut'])
    for (const where of ['/usr/bin', '/bin'])
      try {
        symlinkSync(join(where, name), join(folder, name))
      } catch {
        // It is there already.
      }
  process.env['PATH'] = folder
  t.after(() => void (process.env['PATH'] = before))
  return (name: string, text: string) => {
    rmSync(join(folder, name), { force: true })
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  }
}

test('what no scheduler takes is said in its own words, and nothing is lost', async (t) => {
  const shared = temporaryFolder(t)
  const quick = { patience: { unknown: 100, settle: 200, adopt: 200 }, every: 100 }
  const engine = await engineWithDigits(t, temporaryFolder(t), { places: quick })
  const { call } = engine
  const write = programs(t)
  const place = { name: 'cluster', kind: 'slurm' as const, folder: shared, partition: 'long', cpus: 1 }
  const refusals: [object, RegExp][] = [
    [{ ...place, name: 'local' }, /is the name of something else/],
    [{ ...place, folder: 'here' }, /whole path/],
    [{ ...place, host: 'x' }, /kind ssh/],
    [{ ...place, kind: 'ssh', host: '-oProxyCommand=x' }, /host as ssh takes it/],
    [{ ...place, partition: 'a b; rm' }, /letters, digits/],
    [{ ...place, time: 'soon' }, /HH:MM:SS/],
    [{ ...place, extra: ['--a\n#SBATCH --b'] }, /one line/],
  ]
  for (const [wrong, message] of refusals)
    await assert.rejects(call('places.add', { place: wrong as typeof place }), (thrown: WorkbenchError) => {
      assert.equal(thrown.code, 'CALL_INVALID')
      return message.test(thrown.message) || assert.fail(thrown.message)
    })
  await call('places.add', { place })
  await assert.rejects(call('places.add', { place }), { code: 'PLACE_NAME_TAKEN' })
  await assert.rejects(call('places.remove', { place: 'nowhere' }), { code: 'PLACE_UNKNOWN' })
  const { run } = await call('runs.create', { dataset: 'digits', variant: 'classical', seed: 1, held: true })
  const submit = () => call('places.submit', { place: 'cluster', run: run.id })

  const missing = await over(engine, await submit())
  assert.equal(missing.error?.code, 'PLACE_UNREACHABLE')
  assert.match(missing.error!.message, /no program “sbatch”/)

  write('sbatch', 'cat >/dev/null; echo "sbatch: error: invalid partition specified: long" >&2; exit 1')
  const refused = await over(engine, await submit())
  assert.deepEqual(refused.error, { code: 'PLACE_REFUSED', message: '“sbatch” refuses: invalid partition specified: long' })
  assert.equal((await call('runs.show', { run: run.id })).run.state, 'paused', 'it is as it was')

  // A partition that takes it in a test and not in earnest: it waits there, and goes on once that is mended.
  write('squeue', 'exit 0')
  write('sbatch', 'cat >/dev/null; [ "$1" = --test-only ] && exit 0; echo "sbatch: error: QOSMaxSubmitJobPerUserLimit" >&2; exit 1')
  await made(engine, await submit())
  assert.match((await call('places.list', {})).places[0]!.submissions[0]!.refused!, /QOSMaxSubmitJobPerUserLimit/)
  assert.equal((await call('runs.show', { run: run.id })).run.state, 'submitted')
  await assert.rejects(call('places.remove', { place: 'cluster' }), { code: 'PLACE_IN_USE' })
  const taken = join(shared, 'taken')
  write('sbatch', `cat >'${taken}'; echo 77`)
  await call('places.look', { place: 'cluster' })
  await engine.next((event) => (event.type === 'place' && event.place.submissions[0]?.job === '77' ? true : undefined))
  const script = readFileSync(taken, 'utf8')
  assert.match(script, /^#SBATCH --partition=long$/m)
  assert.match(script, /^#SBATCH --job-name=.*\.[a-z0-9]{8}$/m)

  // A listing without the job is no end: unknown at first, handed over again, and given up with a reason after three times.
  await engine.until(run.id, 'unknown')
  const stuck = await engine.until(run.id, 'interrupted')
  assert.match(stuck.error!.message, /ended again and again before it got any further/)
  assert.equal((await call('places.list', {})).places[0]!.submissions.length, 0)
  await call('places.remove', { place: 'cluster' })
})

test('a check says what of a node will not do', async (t) => {
  const write = programs(t)
  const shared = temporaryFolder(t)
  const engine = testEngine(t, homeWithDataset(t))
  await engine.call('places.add', { place: { name: 'old', kind: 'slurm', folder: shared, cpus: 1 } })
  write('squeue', 'exit 0')
  write('getconf', 'echo glibc 2.17')
  write('sbatch', 'if [ "$1" = --test-only ]; then cat >/dev/null; exit 0; fi; sh -s >/dev/null 2>&1; echo 5')
  const task = await made(engine, await engine.call('places.check', { place: 'old' }))
  const { findings } = await engine.call('places.findings', { task })
  const bad = findings.filter(({ isGood }) => !isGood).map(({ sentence }) => sentence)
  assert.ok(
    bad.some((sentence) => /glibc 2\.17\) is too old: the engine needs 2\.\d+/.test(sentence)),
    JSON.stringify(findings),
  )
  assert.ok(findings.some(({ sentence }) => /wrote into the folder; that is seen here/.test(sentence)))
  // Nothing of it stays.
  mkdirSync(join(shared, 'check'), { recursive: false })
})
