import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { random } from '../../src/main/engine/data/random.ts'
import { startEngineChild, type EngineChild } from '../fixtures/engineChild.ts'
import { requireWhole } from './whole.ts'
import type { CampaignOptions } from './kills.ts'

/** Processes that wait for further questions. */
const explorers = 2

export interface SoakCounts {
  runs: number
  questions: number
  calls: number
  startMB: number
  endMB: number
  openFiles: number
}

/**
 * One engine that does one small thing after the other for as long as it is told to: it may not grow, keep files open, or leave
 * processes behind.
 * @param options.rounds runs that are trained, looked into, exported and removed again
 */
export async function runSoak({ seed, rounds, folder, log = () => {} }: CampaignOptions): Promise<SoakCounts> {
  const draw = random('soak', seed)
  const home = join(folder, 'home'),
    out = join(folder, 'out')
  mkdirSync(out, { recursive: true })
  const engine = await startEngineChild(home)
  const { call } = engine
  const counts: SoakCounts = { runs: 0, questions: 0, calls: 0, startMB: 0, endMB: 0, openFiles: 0 }
  try {
    const { task } = await call('datasets.import', { path: 'moons', name: 'moons', count: 200 })
    assert.equal((await engine.taskOver(task)).state, 'done')
    await call('queue.settings', { trainers: 2 })
    // What the first ones load stays: growth counts from there.
    const settled = Math.min(20, Math.ceil(rounds / 4))
    let files = 0
    for (let round = 0; round < rounds; round++) {
      const { run } = await call('runs.create', {
        dataset: 'moons',
        variant: ['classical', 'denoising', 'contractive'][draw.below(3)]!,
        seed: round,
        settings: { 'network.layers': [6, 2], 'training.epochs': 3 } as never,
      })
      await trained(engine, run.id)
      counts.runs++
      if (round % 5 === 0) {
        const file = join(out, `${round}.onnx`)
        const exporting = await call('exports.create', { run: run.id, part: 'encoder', input: 'raw', out: file })
        assert.equal((await engine.taskOver(exporting.task)).error, null)
        await call('explore', { run: run.id, question: { kind: 'agreement', count: 5 } })
        counts.questions++
      }
      for (const name of ['runs.list', 'runs.rows', 'storage.show', 'queue.show'] as const) {
        await call(name, {})
        counts.calls++
      }
      if (round % 3 === 2) {
        await call('runs.remove', { run: run.id })
        await call('storage.empty', {})
      }
      if (round + 1 === settled) {
        counts.startMB = residentMB(engine.pid)
        files = openFiles(engine.pid)
      }
      if (round % 50 === 49) log(`soak: ${round + 1} runs, ${residentMB(engine.pid)} MB`)
    }
    counts.endMB = residentMB(engine.pid)
    counts.openFiles = openFiles(engine.pid)
    assert.ok(counts.openFiles <= files + 8, `${counts.openFiles} files are open, ${files} were in the beginning`)
    // Rows and their caches are kept in memory; what a run leaves there is far below this.
    const allowed = 60 + 0.25 * rounds
    assert.ok(counts.endMB - counts.startMB < allowed, `the engine grew from ${counts.startMB} to ${counts.endMB} MB`)
    // A trainer that has just said its last word is still on its way out.
    for (let tries = 0; engine.workers().length > explorers && tries < 100; tries++) await pause(100)
    assert.ok(engine.workers().length <= explorers, 'only explorers are still there')
    await engine.stop()
    requireWhole(home)
    return counts
  } finally {
    await engine.kill().catch(() => {})
  }
}

async function trained({ call, next }: EngineChild, id: string): Promise<void> {
  const over = next((event) => (event.type === 'run' && event.run.id === id && isOver(event.run.state) ? event.run : undefined))
  const { run } = await call('runs.show', { run: id })
  const ended = isOver(run.state) ? run : await over
  assert.equal(ended.state, 'completed', ended.error?.message)
}

const isOver = (state: string): boolean => state !== 'queued' && state !== 'running'

/** Resident memory without shared pages (Linux). */
function residentMB(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/RssAnon:\s+(\d+) kB/.exec(text)?.[1] ?? 0) / 1024)
}

const openFiles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length
