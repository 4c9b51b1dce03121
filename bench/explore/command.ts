import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEngine } from '../../src/main/engine/engine.ts'
import type { Client } from '../../src/shared/connection.ts'
import type { EngineEvent } from '../../src/shared/events.ts'
import type { QuestionInput } from '../../src/shared/questions.ts'
import { measureWindow } from './window.ts'

const here = import.meta.dirname,
  page = join(here, '..', 'explore.md')
const windowTitle = '## In the window'
const sorted = (times: number[]) => times.toSorted((a, b) => a - b)
const median = (times: number[]) => sorted(times)[times.length >> 1]!
const high = (times: number[]) => sorted(times)[Math.floor(times.length * 0.95)]!

/**
 * `bench -- explore [engine|window]`: what one waits for after a click, from the call to the answer, through the engine and its
 * explorer process, retrieval also alone; and in the window. Runs of one epoch are trained for it in a home folder of their
 * own. What is not measured stays as it was written.
 */
export async function exploreCommand([only]: readonly string[] = []): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'bench-explore-'))
  const engine = createEngine({ home })
  const call = engine.handle as Client
  const until = (find: (event: EngineEvent) => boolean) =>
    new Promise<void>((resolve) => {
      const stop = engine.subscribe((event) => {
        if (!find(event)) return
        stop()
        resolve()
      })
    })
  try {
    for (const path of ['mnist', 'circle']) {
      const done = until((event) => event.type === 'task' && event.task.state !== 'running')
      await call('datasets.import', { path })
      await done
    }
    const train = async (name: string, dataset: string, variant: string, settings: Record<string, unknown>): Promise<string> => {
      const done = until((event) => event.type === 'run' && event.run.name === name && event.run.state === 'completed')
      const { run } = await call('runs.create', { name, dataset, variant, settings })
      await done
      return run.id
    }
    const runs = {
      denoising: await train('denoising', 'mnist', 'denoising', { network: { layers: [512, 64] }, training: { epochs: 1 } }),
      plane: await train('plane', 'mnist', 'variational', { network: { layers: [512, 2] }, training: { epochs: 1 } }),
      circle: await train('circle', 'circle', 'denoising', {
        network: { layers: [64, 64], activation: 'tanh', codeActivation: 'tanh' },
        regularizer: { noise: 'gaussian' },
        training: { epochs: 20 },
      }),
    }
    const [engineBefore, windowBefore = ''] = existsSync(page) ? readFileSync(page, 'utf8').split(`${windowTitle}\n`) : ['']
    const engineText = only === 'window' ? engineBefore!.trimEnd() : await measureEngine(call)
    await engine.close()
    const measured = only === 'engine' ? null : await measureWindow(home, runs)
    const windowText = measured === null ? windowBefore.trim() : `${machine()}\n${measured.trim()}`
    const text = `${engineText.trimEnd()}\n${windowText === '' ? '' : `\n${windowTitle}\n\n${windowText}\n`}`
    console.log(text)
    writeFileSync(page, text)
  } finally {
    await engine.close()
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  }
}

const machine = () =>
  `${cpus()[0]!.model}, ${availableParallelism()} cores, ${new Date().toISOString().slice(0, 10)}, ` +
  `load of the machine meanwhile ${loadavg()[0]!.toFixed(1)}.`

/** From the call to the answer. */
async function measureEngine(call: Client): Promise<string> {
  const rows: string[] = []
  /** Times of questions that differ each time, so that nothing is answered from what was kept. */
  const measure = async (title: string, run: string, question: (i: number) => QuestionInput, times: number) => {
    const began = performance.now()
    await call('explore', { run, question: question(0) })
    const first = performance.now() - began
    const measured: number[] = []
    for (let i = 1; i <= times; i++) {
      const start = performance.now()
      await call('explore', { run, question: question(i) })
      measured.push(performance.now() - start)
    }
    rows.push(
      `| ${title} | ${first.toFixed(0)} | ${median(measured).toFixed(1)} | ` +
        `${high(measured).toFixed(1)} | ${(1000 / median(measured)).toFixed(0)} ` +
        '|',
    )
    console.error(rows.at(-1))
  }
  await measure(
    'similar images: codes of 64 units and pixels of 60,000 digits, with pictures',
    'denoising',
    (i) => ({ kind: 'neighbours', image: { row: 60_000 + i }, among: 'train', metric: i % 2 === 0 ? 'euclidean' : 'cosine' }),
    60,
  )
  await measure(
    'same-class share of the 10 nearest of 10,000 digits among 60,000, in codes of 64 units and in pixels',
    'denoising',
    (i) => ({ kind: 'agreement', count: 10 + (i >> 1), among: 'train', metric: i % 2 === 0 ? 'euclidean' : 'cosine' }),
    6,
  )
  await measure(
    'drag: one place of a code of 2 units, decoded',
    'plane',
    (i) => ({ kind: 'decode', coordinates: Float32Array.of(Math.sin(i), Math.cos(i)), space: 'manifold' }),
    300,
  )
  await measure(
    'drag: one code of 64 units, decoded',
    'denoising',
    (i) => ({ kind: 'decode', coordinates: Float32Array.from({ length: 64 }, (_, unit) => Math.sin(i + unit)) }),
    300,
  )
  await measure('field of a circle: 21 x 21 arrows, 36 paths of 60 steps', 'circle', (i) => ({ kind: 'field', seed: i + 1 }), 20)
  await measure(
    'the same with 30% masking, 20 draws',
    'circle',
    (i) => ({ kind: 'field', corruption: { kind: 'masking', level: 0.3 }, seed: i + 1 }),
    10,
  )
  await measure(
    'field through three digits',
    'denoising',
    (i) => ({ kind: 'field', through: [{ row: 60_000 + i }, { row: 60_100 + i }, { row: 60_200 + i }] }),
    10,
  )
  await measure('manifold of 2 units: 20 x 20 digits', 'plane', (i) => ({ kind: 'manifold', size: 20, codes: 2000 - i }), 10)
  await measure(
    'chain: 10 chains, 20 steps, all shown',
    'denoising',
    (i) => ({ kind: 'chain', start: { noise: 'uniform' }, chains: 10, seed: i + 1 }),
    10,
  )
  await measure('tangents at a digit: 64 x 784', 'denoising', (i) => ({ kind: 'tangents', image: { row: 60_000 + i } }), 20)
  await measure(
    'reconstructions of 32 digits, corrupted',
    'denoising',
    (i) => ({ kind: 'reconstructions', corruption: { kind: 'masking', level: 0.5 }, seed: i + 1 }),
    20,
  )
  await measure(
    'map of all 70,000 codes of 64 units, by principal components',
    'denoising',
    (i) => ({ kind: 'map', split: 'all', count: 70_000, seed: i + 1 }),
    3,
  )
  await measure('map of 1,000 codes, t-SNE', 'denoising', (i) => ({ kind: 'map', method: 'tsne', seed: i + 1 }), 2)
  await measure('map of 1,000 codes, UMAP', 'denoising', (i) => ({ kind: 'map', method: 'umap', seed: i + 1 }), 2)

  const alone = [
    [60_000, 64],
    [60_000, 784],
  ].map(([count, width]) => {
    const times = JSON.parse(
      execFileSync(process.execPath, [join(here, 'search.ts'), String(count), String(width)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      })
        .trim()
        .split('\n')
        .at(-1)!,
    ) as number[]
    return `| ${count!.toLocaleString('en')} vectors of ${width} | ${median(times).toFixed(1)} | ${high(times).toFixed(1)} |`
  })
  return `# Looking into a run: what one waits for

From the call to the answer, through the engine and its explorer process, every question a new one.
The first column is the first question of its kind (where a
run was asked nothing before, a process starts and reads its weights; and codes, pixels and what else is kept from then on
are computed); then the median and the 95th
percentile. Digits are MNIST's; the networks are 784-512-64 and 784-512-2.
${machine()}

| | first, ms | median, ms | 95%, ms | a second |
|---|---|---|---|---|
${rows.join('\n')}

The search alone, exact, 12 nearest, Euclidean and cosine in turn:

| | median, ms | 95%, ms |
|---|---|---|
${alone.join('\n')}
`
}
