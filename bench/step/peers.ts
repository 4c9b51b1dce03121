import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { mnistFolder } from '../mnist.ts'

const here = import.meta.dirname
const rounds = 5
const network = ['--set', 'network.layers=512,64', '--set', 'reconstruction=squaredError']

interface Row { title: string; times: number[] }

/** Runs one contender in a process of its own; milliseconds a step, or null where it is not to be had. */
type Contender = { title: string; measure: () => number }

function ours(mode: string, variant: string): Contender {
  return {
    title: { compiled: 'this project, compiled', plain: 'the same objective in plain tfjs', fit: 'tfjs-node model.fit' }[mode]!,
    measure: () => lastJson(execFileSync(process.execPath, [join(here, '..', 'bench.ts'), 'step', '--variant', variant, ...network, '--mode', mode, '--json'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })),
  }
}

/** The PyTorch side: a script that prints {"msPerStep"}; by --peer, or where the benchmark folder lies beside the project. */
function torch(variant: string): Contender | string {
  const script = process.env['WORKBENCH_TORCH_PEER'] ?? resolve(here, '../../../shared/bench/torch_peers.py')
  const python = process.env['WORKBENCH_TORCH_PYTHON'] ?? 'python3'
  if (!existsSync(script)) return 'PyTorch: left out, WORKBENCH_TORCH_PEER names no script'
  if (spawnSync(python, ['-c', 'import torch'], { stdio: 'ignore' }).status !== 0) return `PyTorch: left out, ${python} has no torch (set WORKBENCH_TORCH_PYTHON)`
  return {
    title: 'PyTorch, eager',
    measure: () => lastJson(execFileSync(python, [script, '--variant', variant, '--layers', '512,64', '--batch', '128', '--images', join(mnistFolder, 'train-images-idx3-ubyte')], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })),
  }
}

const lastJson = (output: string): number => (JSON.parse(output.trim().split('\n').at(-1)!) as { msPerStep: number }).msPerStep
const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

/** Measures all contenders in turn, round after round, because machines are shared and noisy; prints and stores a table. */
export function comparePeers(variant = 'classical'): void {
  const peer = torch(variant)
  const contenders = [ours('compiled', variant), ...(typeof peer === 'string' ? [] : [peer]), ours('plain', variant), ours('fit', variant)]
  if (typeof peer === 'string') console.error(peer)
  const rows: Row[] = contenders.map(({ title }) => ({ title, times: [] }))
  for (let round = 1; round <= rounds; round++) {
    contenders.forEach(({ measure }, index) => rows[index]!.times.push(measure()))
    console.error(`round ${round} of ${rounds}: ${rows.map((row) => `${row.title} ${row.times.at(-1)!.toFixed(2)} ms`).join(', ')}`)
  }
  const base = rows[0]!.times
  const lines = rows.map(({ title, times }) => {
    const ratios = times.map((time, index) => time / base[index]!)
    return `| ${title} | ${median(times).toFixed(2)} | ${Math.min(...times).toFixed(2)} to ${Math.max(...times).toFixed(2)} | ${median(ratios).toFixed(2)} |`
  })
  const table = [
    `# A training step of \`${variant}\` 784-512-64-512-784`, '',
    `Batch 128, float32, Adam, MNIST, batches gathered and shuffled as in training; ${rounds} rounds in turn, each contender in a process of its own`,
    `(${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}). Ratios are taken round by round.`, '',
    '| | ms a step (median) | range | times ours |', '|---|---|---|---|', ...lines, '',
  ].join('\n')
  console.log(table)
  writeFileSync(join(here, '..', 'step.md'), table)
}
