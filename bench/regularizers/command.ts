import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Evaluation } from '../../src/shared/domain.ts'

/**
 * `bench -- regularizers`: what regularizers do on MNIST, each trained, evaluated and asked for as a user would. One layer of 500 units,
 * tied, sigmoid, 10 epochs, one seed. Writes regularizers.md.
 */
const cli = resolve(import.meta.dirname, '../../src/main/engine/cli.ts')
const network = ['network.layers=500', 'network.tied=true', 'training.epochs=10']
const sigmoid = ['network.activation=sigmoid', 'network.codeActivation=sigmoid']
const tanh = ['network.activation=tanh', 'network.codeActivation=tanh']

interface Plan {
  group: string
  variant: string
  settings: string[]
}
const plan: Plan[] = [
  { group: 'Baseline', variant: 'classical', settings: sigmoid },
  { group: 'Contractive', variant: 'contractive', settings: sigmoid },
  ...[0.01, 0.03, 0.1, 0.25, 1, 2, 4].map((lambda): Plan => ({
    group: 'Contractive',
    variant: 'contractive',
    settings: [...sigmoid, `regularizer.lambda=${lambda}`],
  })),
  ...[0.1, 0.2, 0.3, 0.5, 0.8].map((sigma): Plan => ({
    group: 'Denoising, Gaussian',
    variant: 'denoising',
    settings: [...sigmoid, 'regularizer.noise=gaussian', `regularizer.sigma=${sigma}`],
  })),
  ...[0.1, 0.25, 0.5, 0.75].map((rate): Plan => ({
    group: 'Denoising, masking',
    variant: 'denoising',
    settings: [...sigmoid, 'regularizer.noise=masking', `regularizer.rate=${rate}`],
  })),
  { group: 'Weight decay', variant: 'classical', settings: [...sigmoid, 'training.weightDecay=0.001'] },
  { group: 'Weight decay', variant: 'classical', settings: [...sigmoid, 'training.weightDecay=0.01'] },
  { group: 'Sparse', variant: 'sparseKl', settings: [...sigmoid.slice(0, 1), 'regularizer.rho=0.05'] },
  {
    group: 'Sparse',
    variant: 'sparseKl',
    settings: [...sigmoid.slice(0, 1), 'regularizer.rho=0.05', 'regularizer.estimate=running'],
  },
  {
    group: 'Sparse',
    variant: 'sparseKl',
    settings: [...sigmoid.slice(0, 1), 'regularizer.rho=0.05', 'regularizer.estimate=dataset'],
  },
  { group: 'Sparse', variant: 'sparseBias', settings: [...tanh, 'regularizer.rho=-0.9'] },
]

interface Row extends Plan {
  evaluation: Evaluation
  seconds: number
}

export async function regularizersCommand(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'regularizers-bench-'))
  try {
    const rows: Row[] = []
    for (const [number, one] of plan.entries()) {
      const sets = [...network, ...one.settings].flatMap((setting) => ['--set', setting])
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [cli, 'train', '--home', home, '--dataset', 'mnist', '--variant', one.variant, ...sets, '--json'],
        { maxBuffer: 2 ** 26 },
      )
      const { run } = JSON.parse(stdout.trim().split('\n').at(-1)!) as { run: { evaluation: Evaluation; seconds: number } }
      rows.push({ ...one, ...run })
      console.error(
        `${number + 1} of ${plan.length}: ${one.variant} ${own(one)}: ||J|| ` +
          `${run.evaluation.jacobianNorm?.toFixed(3)}, squared error ` +
          `${run.evaluation.squaredError?.toFixed(2)}, mean activation ` +
          `${run.evaluation.meanActivation?.toFixed(3)}`,
      )
      // Written as it grows: this takes a while.
      writeFileSync(join(import.meta.dirname, '..', 'regularizers.md'), report(rows))
    }
    console.log(report(rows))
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

const own = ({ settings }: Plan): string =>
  settings
    .filter((setting) => !setting.startsWith('network.'))
    .map((setting) => setting.slice(setting.indexOf('.') + 1))
    .join(', ') || 'defaults'
const shown = (value: number | null | undefined, digits: number): string =>
  value === null || value === undefined ? '–' : value.toFixed(digits)

function report(rows: Row[]): string {
  const lines = rows.map((row) => {
    const { evaluation: e, seconds } = row
    return (
      `| ${row.group} | \`${row.variant}\` ${own(row)} | ${shown(e.jacobianNorm, 3)} | ` +
      `${shown(e.contractionRatio?.midpointJacobianNorm, 3)} | ${shown(e.squaredError, 2)} | ${shown(e.meanActivation, 3)} | ${
        e.linearProbeAccuracy === null ? '–' : `${(100 * e.linearProbeAccuracy).toFixed(2)}%`
      } | ${shown(e.robustness?.gaussian['0.5'], 1)} | ${seconds.toFixed(0)} |`
    )
  })
  return [
    '# What regularizers do to an encoder',
    '',
    'MNIST, one layer of 500 units, tied weights, cross-entropy, Adam, batch 128, 10 ' +
      'epochs, seed 1; the test split throughout. One seed: small differences mean nothing.',
    `Written by \`npm run bench -- regularizers\` (${cpus()[0]?.model ?? 'unknown processor'}, ` +
      `${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}).`,
    '',
    '| | variant | jacobianNorm | between samples | squaredError | meanActivation | linear probe | squaredError, gaussian 0.5 | s |',
    '|---|---|---|---|---|---|---|---|---|',
    ...lines,
    '',
    ...contest(rows),
    ...targets(rows),
    '',
  ].join('\n')
}

/** Jacobian norm that a group of runs would have at a squared error, between the two runs around it. */
function normAt(rows: Row[], error: number): number | null {
  const points = rows
    .map(({ evaluation }) => [evaluation.squaredError!, evaluation.jacobianNorm!] as const)
    .toSorted(([a], [b]) => a - b)
  for (let i = 0; i + 1 < points.length; i++) {
    const [[low, at], [high, to]] = [points[i]!, points[i + 1]!]
    if (error >= low && error <= high) return at + ((to - at) * (error - low)) / (high - low)
  }
  return null
}

/** Which regularizer contracts more at the same reconstruction? */
function contest(rows: Row[]): string[] {
  const base = rows.filter(({ group }) => group === 'Baseline')
  const groups = ['Contractive', 'Denoising, Gaussian', 'Denoising, masking'].map((group) => ({
    group,
    rows: [...base, ...rows.filter((row) => row.group === group)],
  }))
  if (groups.some(({ rows: own }) => own.length < 3)) return []
  const errors = [2, 3, 4, 5, 7, 10, 15, 20].filter(
    (error) => groups.filter(({ rows: own }) => normAt(own, error) !== null).length > 1,
  )
  const winners = errors.map(
    (error) =>
      groups.map(({ group, rows: own }) => [normAt(own, error) ?? Infinity, group] as const).toSorted(([a], [b]) => a - b)[0]![1],
  )
  const answer = [...new Set(winners)]
    .map(
      (group) =>
        `${group.toLowerCase()} at ${winners.filter((winner) => winner === group).length} of ${errors.length} squared errors`,
    )
    .join(', ')
  return [
    '## Which contracts more at the same reconstruction?',
    '',
    'jacobianNorm at a squared error, interpolated between neighbouring runs of the sweep (the baseline is the sweep at strength 0).',
    '',
    `| squaredError | ${groups.map(({ group }) => group).join(' | ')} |`,
    `|---|${groups.map(() => '---|').join('')}`,
    ...errors.map((error) => `| ${error} | ${groups.map(({ rows: own }) => shown(normAt(own, error), 3)).join(' | ')} |`),
    '',
    `Lowest: ${answer}.`,
    '',
  ]
}

function targets(rows: Row[]): string[] {
  const of = (variant: string, settings: string) => rows.find((row) => row.variant === variant && own(row) === settings)?.evaluation
  const [classical, contractive] = [of('classical', 'defaults'), of('contractive', 'defaults')]
  const [kl, bias] = [of('sparseKl', 'rho=0.05'), of('sparseBias', 'rho=-0.9')]
  const said = (text: string, holds: boolean) => `- ${holds ? 'holds' : 'MISSED'}: ${text}`
  return [
    '## What the defaults shall do',
    '',
    ...(classical && contractive
      ? [
          said(
            `\`contractive\` has at most half the jacobianNorm of \`classical\`: ` +
              `${shown(contractive.jacobianNorm, 3)} and ${shown(classical.jacobianNorm, 3)}`,
            contractive.jacobianNorm! <= classical.jacobianNorm! / 2,
          ),
        ]
      : []),
    ...(kl
      ? [
          said(
            `\`sparseKl\` with rho 0.05 ends with a meanActivation between 0.04 and 0.06: ${shown(kl.meanActivation, 4)}`,
            kl.meanActivation! >= 0.04 && kl.meanActivation! <= 0.06,
          ),
        ]
      : []),
    ...(bias
      ? [
          said(
            `\`sparseBias\` with tanh and rho -0.9 ends within 0.06 of it, squaredError ` +
              `below 28: ${shown(bias.meanActivation, 3)}, ${shown(bias.squaredError, 2)}`,
            Math.abs(bias.meanActivation! + 0.9) <= 0.06 && bias.squaredError! < 28,
          ),
        ]
      : []),
  ]
}
