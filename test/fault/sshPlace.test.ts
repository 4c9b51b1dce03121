import { test } from 'node:test'
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Run } from '../../src/shared/domain.ts'
import { made, over, temporaryFolder } from '../fixtures/homes.ts'
import { engineWithDigits, outcomes } from '../fixtures/outcomes.ts'
import { hasSshd, startMachine } from '../fixtures/sshd.ts'

const settings = { 'network.layers': [6, 3], 'training.batchSize': 16, 'training.epochs': 150 }
const plan = {
  name: 'Vier “Läufe”; $(x)',
  dataset: 'digits',
  seeds: [1, 2],
  settings,
  variants: [{ variant: 'denoising' }, { variant: 'classical' }],
}

test('a machine behind ssh trains what this one would, though the connection is lost; who is not let in is told how', async (t) => {
  if (!hasSshd()) return t.skip('sshd or rsync is not installed')
  const machine = await startMachine(t)
  const base = temporaryFolder(t),
    folder = join(base, 'Drüben “am” Ende; $HOME')
  const quick = { patience: { unknown: 3000, settle: 6000, adopt: 3000 }, every: 1000 }
  const engine = await engineWithDigits(t, base, { threads: 1, places: quick })
  const { call } = engine
  const view = async (name: string) => (await call('places.list', {})).places.find((each) => each.place.name === name)!
  await call('places.add', { place: { name: 'there', kind: 'ssh', host: machine.host, scheduler: 'none', folder, cpus: 1 } })
  await call('places.add', { place: { name: 'closed', kind: 'ssh', host: machine.stranger, folder, cpus: 1 } })

  const { experiment } = await call('experiments.create', { plan, held: true })
  const refused = await over(engine, await call('places.submit', { place: 'closed', experiment: experiment.id }))
  assert.equal(refused.error?.code, 'PLACE_UNREACHABLE')
  assert.match(refused.error!.message, /connect once in a terminal with “ssh workbench-stranger”/)
  assert.equal((await call('experiments.show', { experiment: experiment.id })).experiment.states.paused, 4, 'nothing is lost')

  await made(engine, await call('places.submit', { place: 'there', experiment: experiment.id }))
  const ids = experiment.cells.flatMap(({ runs }) => runs.map(({ run }) => run!))
  const runs = async (): Promise<Run[]> => (await call('runs.several', { runs: ids })).runs
  const until = async (what: () => Promise<boolean>): Promise<void> => {
    for (let tries = 0; !(await what()); tries++) {
      assert.ok(
        tries < 1000,
        JSON.stringify([await view('there'), (await runs()).map(({ state, error }) => [state, error?.message])]),
      )
      await wait(150)
    }
  }
  await until(async () => (await runs()).some(({ state }) => state === 'running'))
  await machine.stop()
  await until(async () => (await view('there')).trouble !== null)
  assert.match((await view('there')).trouble!, /cannot be reached by ssh/)
  await machine.start()
  await until(async () => (await runs()).every(({ state }) => state === 'completed'))
  await until(async () => (await view('there')).submissions.length === 0)

  // A wish reaches what trains there.
  const { run } = await call('runs.create', {
    dataset: 'digits',
    variant: 'classical',
    seed: 3,
    settings: { ...settings, 'training.epochs': 100_000 },
    held: true,
  })
  await made(engine, await call('places.submit', { place: 'there', run: run.id }))
  await until(async () => (await call('runs.show', { run: run.id })).run.step > 1000)
  await call('runs.pause', { run: run.id })
  const paused = await engine.until(run.id, 'paused')
  // Sent once more it goes on from there, and not to the pause of before.
  await made(engine, await call('places.submit', { place: 'there', run: run.id }))
  await until(async () => (await call('runs.show', { run: run.id })).run.step > paused.step)
  const { series } = await call('runs.series', { run: run.id })
  const steps = series.find(({ key }) => key === 'train/loss')!.step
  assert.deepEqual(
    [...steps.slice(0, paused.step)],
    Array.from({ length: paused.step }, (_, at) => at + 1),
    'no step is missing or twice',
  )
  await call('runs.cancel', { run: run.id })
  const cancelled = await engine.until(run.id, 'cancelled')
  assert.ok(cancelled.step > paused.step)

  // Engine and images lie there once.
  assert.deepEqual([readdirSync(join(folder, 'engines')).length, readdirSync(join(folder, 'datasets')).length], [1, 1])
  assert.ok(
    existsSync(
      join(
        folder,
        readdirSync(folder).find((name) => name.startsWith('Vier'))!,
        'engine',
        'engine.json',
      ),
    ),
  )
  const local = await engineWithDigits(t, temporaryFolder(t), { threads: 1 })
  const { experiment: trained } = await local.call('experiments.create', { plan })
  await local.next((event) => (event.type === 'experiment' && event.ended ? true : undefined))
  assert.deepEqual(await outcomes(engine, experiment.id), await outcomes(local, trained.id))
})
