import { test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Run } from '../../src/shared/domain.ts'
import { folderFiles } from '../../src/main/engine/remote/folder.ts'
import { startEngineChild } from '../fixtures/engineChild.ts'
import { temporaryFolder, testEngine } from '../fixtures/homes.ts'
import { engineWithDigits, outcomes, worker } from '../fixtures/outcomes.ts'
import { hasSlurm, startCluster } from '../fixtures/slurm.ts'

const settings = { 'network.layers': [6, 3], 'training.batchSize': 16, 'training.epochs': 150 }
/** Of one that takes longer than the time of its jobs. */
const longer = { ...settings, 'training.epochs': 15_000 }
const plan = {
  name: 'Zwölf “Läufe”; $(x) %A',
  dataset: 'digits',
  seeds: [1, 2, 3, 4],
  settings,
  variants: [{ variant: 'denoising' }, { variant: 'classical' }, { variant: 'sparseKl' }],
}
const quick = { patience: { unknown: 3000, settle: 6000, adopt: 3000 }, every: 1000 }

async function until<T>(what: () => Promise<T | undefined | false>, why: string): Promise<T> {
  for (let tries = 0; ; tries++) {
    const found = await what()
    if (found !== undefined && found !== false) return found
    assert.ok(tries < 1200, why)
    await wait(200)
  }
}

test(
  'twelve runs on a cluster that kills, loses and puts back their jobs are equal to those that were trained here',
  { timeout: 420_000 },
  async (t) => {
    if (!hasSlurm()) return t.skip('Slurm is not installed')
    const cluster = await startCluster(t, 4)
    Object.assign(process.env, cluster.env)
    const base = temporaryFolder(t),
      shared = join(base, 'Geteilt “für” alle; $HOME')
    mkdirSync(shared)

    // An engine hands them over, and is killed as soon as the first of them trains.
    const sender = await engineWithDigits(t, base)
    const place = { name: 'cluster', kind: 'slurm' as const, folder: shared, cpus: 1, runsPerJob: 1, jobs: 9 }
    await sender.call('places.add', { place })
    await sender.call('places.add', { place: { ...place, name: 'short', time: '00:01:00' } })
    await sender.engine.close()
    const child = await startEngineChild(join(base, 'home'))
    t.after(() => child.kill())
    const done = async (call: Promise<{ task: Parameters<typeof child.taskOver>[0] }>): Promise<void> => {
      const task = await child.taskOver((await call).task)
      assert.equal(task.state, 'done', task.error?.message)
    }
    const { run: long } = await child.call('runs.create', {
      dataset: 'digits',
      variant: 'classical',
      seed: 9,
      settings: longer,
      held: true,
    })
    await done(child.call('places.submit', { place: 'short', run: long.id }))
    const { experiment } = await child.call('experiments.create', { plan, held: true })
    await done(child.call('places.submit', { place: 'cluster', experiment: experiment.id }))
    const ids = experiment.cells.flatMap(({ runs }) => runs.map(({ run }) => run!))
    await until(async () => {
      const { runs } = await child.call('runs.several', { runs: ids })
      return runs.some(({ state }) => state === 'running')
    }, 'a run begins')
    await child.kill()

    // Another engine goes on with what it finds.
    const engine = testEngine(t, join(base, 'home'), { workerScript: worker, threads: 1, places: quick })
    const { call } = engine
    const runs = async (): Promise<Run[]> => (await call('runs.several', { runs: ids })).runs
    const view = async (name: string) => (await call('places.list', {})).places.find((each) => each.place.name === name)!
    assert.equal((await view('cluster')).submissions.length, 1, 'nothing was handed over twice')
    const { job, folder } = (await view('cluster')).submissions[0]!
    assert.ok(job !== null)
    const tasks = readdirSync(join(folder, 'scripts'))
    assert.equal(tasks.length, 1, 'the script is kept')

    /** A task of the array that trains. */
    const atWork = () =>
      until(async () => {
        const listed = await cluster.ask('squeue', '-h', '-r', '-t', 'R', '-j', job, '-o', '%K %N')
        const running = (await runs()).filter(({ state, step }) => state === 'running' && step > 0)
        const [first] = listed.split('\n').filter((line) => line !== '')
        return running.length > 0 && first !== undefined && (first.split(' ') as [string, string])
      }, 'a task trains')
    const [requeued] = await atWork()
    await cluster.ask('scontrol', 'requeue', `${job}_${requeued}`)
    const [cancelled] = await until(async () => {
      const found = await atWork()
      return found[0] !== requeued && found
    }, 'another task trains')
    await cluster.ask('scancel', `${job}_${cancelled}`)
    // A node whose daemon is gone, with a task on it; and back.
    const [, node] = await atWork()
    await cluster.killNode(Number(/\d+$/.exec(node)![0]))
    await wait(2000)
    cluster.startNode(Number(/\d+$/.exec(node)![0]))

    await until(async () => (await runs()).every(({ state }) => state === 'completed'), `all are completed: ${await states(runs)}`)
    await until(async () => {
      const { run } = await call('runs.show', { run: long.id })
      assert.ok(!isOver(run), `${run.state} ${run.error?.message}`)
      return run.state === 'completed'
    }, 'the long one is completed, too')
    await until(async () => (await view('cluster')).submissions.length === 0, 'nothing is out any more')

    const files = folderFiles(folder)
    for (const run of ids) assert.ok(readdirSync(files.results).filter((name) => name.startsWith(run)).length <= 2)
    const local = await engineWithDigits(t, temporaryFolder(t), { threads: 1, trainers: 2 })
    const { run: here } = await local.call('runs.create', { dataset: 'digits', variant: 'classical', seed: 9, settings: longer })
    const { experiment: trained } = await local.call('experiments.create', { plan })
    await local.next((event) => (event.type === 'experiment' && event.ended ? true : undefined))
    assert.deepEqual(await outcomes(engine, experiment.id), await outcomes(local, trained.id))
    const [ended, same] = [await local.until(here.id, 'completed'), (await call('runs.show', { run: long.id })).run]
    const figures = ({ evaluation }: Run) => ({ ...evaluation, seconds: 0 })
    assert.deepEqual(figures(same), figures(ended))
  },
)

const isOver = ({ state }: Run): boolean => ['interrupted', 'failed', 'diverged', 'cancelled'].includes(state)

async function states(runs: () => Promise<Run[]>): Promise<string> {
  return (await runs()).map(({ name, state, error }) => `${name} ${state} ${error?.message ?? ''}`).join('; ')
}
