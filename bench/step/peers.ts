import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { resolveConfig, variantInfos, variantOf } from '../../src/main/engine/variants/index.ts'
import { findTorch, lastJson, least, machine, ownStep } from './contenders.ts'
import { knownToLoop } from './tfjsLoop.ts'
import { mnistFolder } from '../mnist.ts'

const here = import.meta.dirname
const network = (variant: string) => [
  '--set',
  `network.layers=${variantOf(variant).singleLayer ? '512' : '512,64'}`,
  ...(resolveConfig(variant, { reconstruction: 'squaredError' }).config ? ['--set', 'reconstruction=squaredError'] : []),
]
/** Variants that the PyTorch side knows, with its settings. */
const torchSettings: Record<string, string[]> = {
  classical: [],
  denoising: ['--set', 'regularizer.rate=0.3'],
  contractive: ['--set', 'network.tied=false', '--set', 'regularizer.lambda=0.1'],
  sparseKl: ['--set', 'regularizer.rho=0.05', '--set', 'regularizer.beta=3'],
  variational: [],
}

/** Runs one contender in a process of its own; milliseconds a step. */
interface Contender {
  title: string
  measure: () => number
}
interface Measurement {
  variant: string
  title: string
  times: number[]
}

function ours(title: string, mode: string, variant: string, steps: number): Contender {
  const settings = [...network(variant), ...(torchSettings[variant] ?? [])]
  return {
    title,
    measure: () => ownStep(['--variant', variant, ...settings, '--mode', mode, '--steps', String(steps)]).msPerStep,
  }
}

/**
 * `bench -- steps [--variants a,b] [--rounds N]`: measures every variant's step against its contenders in turn, round after
 * round, because machines are shared and noisy. The least time of each is compared: what disturbs a contender only ever adds to
 * its time. Prints a table and stores it, and the times for the README.
 */
export function comparePeers(args: string[]): void {
  const { values } = parseArgs({ args, options: { variants: { type: 'string' }, rounds: { type: 'string', default: '5' } } })
  const ids =
    values.variants?.split(',') ??
    variantInfos()
      .filter((info) => info.iterative)
      .map((info) => info.id)
  const torch = findTorch('WORKBENCH_TORCH_PEER', 'torch_peers.py')
  if (typeof torch === 'string') console.error(torch)
  const measurements: Measurement[] = []
  for (const variant of ids) {
    // A deep contraction in PyTorch takes seconds a step.
    const steps = variant === 'contractive' ? 40 : 300
    const peer = (title: string, more: string[]): Contender[] =>
      typeof torch === 'string' || !(variant in torchSettings)
        ? []
        : [
            {
              title,
              measure: () =>
                lastJson(torch.python, [
                  torch.script,
                  '--variant',
                  variant,
                  '--layers',
                  '512,64',
                  '--batch',
                  '128',
                  '--steps',
                  String(variant === 'contractive' ? 10 : 200),
                  '--images',
                  join(mnistFolder, 'train-images-idx3-ubyte'),
                  ...more,
                ]).msPerStep,
            },
          ]
    const contenders = [
      ours('this project', 'compiled', variant, steps),
      ...peer('PyTorch, eager', []),
      ...peer('PyTorch, compiled', ['--compile']),
      ...(knownToLoop.includes(variant) ? [ours('tfjs-node, own loop', 'loop', variant, variant === 'contractive' ? 5 : 100)] : []),
      ...(variant === 'classical' ? [ours('tfjs-node, model.fit', 'fit', variant, 100)] : []),
    ]
    const rows = contenders.map(({ title }): Measurement => ({ variant, title, times: [] }))
    for (let round = 1; round <= Number(values.rounds); round++) {
      contenders.forEach(({ measure }, index) => rows[index]!.times.push(measure()))
      console.error(
        `${variant}, round ${round}: ${rows.map((row) => `${row.title} ${row.times.at(-1)!.toFixed(2)} ms`).join(', ')}`,
      )
    }
    measurements.push(...rows)
  }
  const table = report(measurements, Number(values.rounds))
  console.log(table)
  writeFileSync(join(here, '..', 'step.md'), table)
  const own = Object.fromEntries(
    measurements
      .filter(({ title }) => title === 'this project')
      .map(({ variant, times }) => [variant, Math.round(least(times) * 100) / 100]),
  )
  writeFileSync(join(here, '..', 'step.json'), `${JSON.stringify({ machine: machine(), msPerStep: own }, null, 2)}\n`)
}

function report(measurements: Measurement[], rounds: number): string {
  const ratio = ({ variant, times }: Measurement) =>
    least(times) / least(measurements.find((row) => row.variant === variant)!.times)
  const titles = [...new Set(measurements.map(({ title }) => title))]
  const means = titles.slice(1).map((title) => {
    const ratios = measurements.filter((row) => row.title === title).map(ratio)
    return (
      `- ${title}: ${Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length).toFixed(2)} ` +
      `times as long (geometric mean over ${ratios.length} variant${ratios.length === 1 ? '' : 's'}), ` +
      `at least ${Math.min(...ratios).toFixed(2)} times`
    )
  })
  return [
    '# What a training step costs',
    '',
    '784-512-64-512-784, batch 128, float32, Adam, squared error, MNIST; batches gathered ' +
      `and shuffled as in training. ${rounds} rounds in turn, each contender in a`,
    `process of its own (${machine()}). The ratio is that of the least times, because what ` +
      'disturbs a contender only ever adds to its time; above 1 means slower than this project.',
    '',
    '| variant | | ms a step (least) | range | ratio |',
    '|---|---|---|---|---|',
    ...measurements.map(
      (row) =>
        `| \`${row.variant}\` | ${row.title} | ${least(row.times).toFixed(2)} | ${least(row.times).toFixed(2)} ` +
        `to ${Math.max(...row.times).toFixed(2)} | ${ratio(row).toFixed(2)} |`,
    ),
    '',
    ...means,
    '',
  ].join('\n')
}
