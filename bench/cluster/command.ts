import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEngine } from '../../src/main/engine/engine.ts'
import { folderFiles, readRuns } from '../../src/main/engine/remote/folder.ts'
import { JournalWriter } from '../../src/main/engine/remote/journalWriter.ts'
import { sendRuns } from '../../src/main/engine/remote/send.ts'
import type { Client } from '../../src/shared/connection.ts'
import type { Task } from '../../src/shared/domain.ts'
import { digitLabels } from '../../test/fixtures/digits.ts'
import { smallDigits, writeRows } from '../../test/fixtures/tinyDataset.ts'
import { World } from '../../test/fixtures/cluster/world.ts'

const seeds = 1000
const simulatedDays = 10_000
const points = 60

/** `npm run bench -- cluster [simulation]`: what 10,000 runs take to plan, send and collect; with `simulation`, 10,000 days of trouble. */
export async function clusterCommand(args: readonly string[]): Promise<void> {
  if (args[0] === 'simulation') return simulate()
  const base = mkdtempSync(join(tmpdir(), 'workbench-bench-'))
  const engine = createEngine({ home: join(base, 'home'), threads: 1 })
  const call = engine.handle as Client
  const over = async (task: Task): Promise<Task> => {
    for (;;) {
      const { task: now } = await call('tasks.show', { task: task.id })
      if (now.state !== 'running') {
        if (now.error !== null) throw new Error(now.error.message)
        return now
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const rows: [string, number][] = []
  const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const begun = performance.now(),
      result = await work()
    rows.push([what, (performance.now() - begun) / 1000])
    return result
  }
  try {
    writeRows(join(base, 'digits.npz'), [200, 4, 4], smallDigits(200), digitLabels(200))
    await over((await call('datasets.import', { path: join(base, 'digits.npz'), name: 'digits' })).task)
    const plan = {
      name: 'ten thousand',
      dataset: 'digits',
      seeds: Array.from({ length: seeds }, (_, at) => at + 1),
      settings: { 'network.layers': [6, 3] },
      variants: ['classical', 'denoising', 'sparseKl', 'contractive', 'dropout'].flatMap((variant) =>
        [20, 30].map((epochs) => ({ variant, settings: { 'training.epochs': epochs } })),
      ),
    }
    await timed('checking the plan', () => call('experiments.check', { plan }))
    const { experiment } = await timed('storing it with its runs', () => call('experiments.create', { plan, held: true }))
    const folder = join(base, 'sent')
    mkdirSync(folder)
    const { tasks } = await timed('sending', () =>
      sendRuns(engine, { experiment: experiment.id }, folder, {
        place: 'cluster',
        threads: 1,
        copies: 10,
        signal: new AbortController().signal,
        onProgress: () => {},
      }),
    )
    const files = folderFiles(folder)
    const about = { host: 'node', job: '1_1', startedAt: Date.now(), processor: 'some', threads: 1, version: '0' }
    for (const { run } of readRuns(folder)) {
      const writer = new JournalWriter(files.journal(run), { ...about, run })
      writer.say({ type: 'begun', steps: points, epochs: 1, stages: [], parameters: 1, threads: 1, step: 0, epoch: 0, seconds: 0 })
      for (let step = 1; step <= points; step += 3)
        writer.say({
          type: 'points',
          flush: true,
          points: [0, 1, 2].map((more) => ({ key: 'train/loss', step: step + more, epoch: 0, seconds: 1, value: 1 / step })),
        })
      writer.close()
    }
    const collect = async (): Promise<void> => void (await over((await call('experiments.collect', { folder })).task))
    await timed(`collecting all of it (${points} points of each run)`, collect)
    await timed('collecting again, where nothing is new', collect)
    const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024
    const table = rows.map(([what, seconds]) => `| ${what} | ${seconds.toFixed(1)} s |`).join('\n')
    console.log(
      `${10 * seeds} runs in ${tasks} tasks, ${cpus()[0]?.model}, load ${loadavg()[0]!.toFixed(1)} ` +
        `(writing the journals themselves is not counted)\n\n| | engine |\n| --- | ---: |\n${table}\n| all | ${rows
          .reduce((sum, [, seconds]) => sum + seconds, 0)
          .toFixed(1)} s |\n| most memory | ${Math.round(peak)} MB |`,
    )
  } finally {
    await engine.close()
    rmSync(base, { recursive: true, force: true })
  }
}

/** Lives through so many days of trouble, and says what they were. */
async function simulate(): Promise<void> {
  const begun = performance.now()
  const sum = { experiments: 0, days: 0, submissions: 0, deaths: 0, wrong: [] as string[] }
  for (let seed = 1; sum.days < simulatedDays; seed++) {
    const world = new World(seed, 6)
    const isOver = await world.live(30 * 24 * 60)
    sum.experiments += 1
    sum.days += world.now / 86_400_000
    sum.submissions += world.submissions
    sum.deaths += world.deaths
    if (!isOver || world.wrong.length > 0) sum.wrong.push(`seed ${seed}: ${world.wrong[0] ?? 'not over'}`)
    if (seed % 5000 === 0) console.log(JSON.stringify({ ...sum, seconds: Math.round((performance.now() - begun) / 1000) }))
  }
  console.log(JSON.stringify({ ...sum, seconds: Math.round((performance.now() - begun) / 1000) }))
}
