import { spawn } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import type { Evaluation } from '../../src/shared/domain.ts'
import { estimate } from '../../src/main/engine/compare/statistics.ts'
import { variants } from '../../src/main/engine/variants/index.ts'
import { keepPart } from '../convolutionsPage.ts'
import { machine } from '../step/contenders.ts'

const cli = resolve(import.meta.dirname, '../../src/main/engine/cli.ts')
const sets = ['sprites', 'lines']
const code = 16
/** The same code behind one hidden layer, and behind the pyramid that the images' size gives. */
const networks: Record<string, Record<string, unknown>> = {
  dense: { 'network.convolutions': 'none', 'network.layers': [256, code] },
  convolutional: { 'network.convolutions': 'auto', 'network.layers': [code] },
}
/** Of ink on black, as both sets nearly are. */
const likelihood = { reconstruction: 'crossEntropy', 'regularizer.decoder': 'bernoulli', 'training.outputBias': 'zero' }
/** By which the columns are read. */
const columns: [title: string, digits: number, of: (evaluation: Evaluation) => number | null][] = [
  ['squared error', 2, (evaluation) => evaluation.squaredError],
  ['linear probe, %', 1, ({ linearProbeAccuracy }) => linearProbeAccuracy && 100 * linearProbeAccuracy],
  ['norm of the Jacobian', 2, (evaluation) => evaluation.jacobianNorm],
]

interface Trained {
  variant: string
  state: string
  evaluation: Evaluation | null
}
interface Table {
  set: string
  network: string
  runs: Trained[]
}

/**
 * `bench -- networks [--home DIR] [--count N] [--seeds 1,2,3]`: every regularizer, by its defaults, in a dense and in a
 * convolutional network on two sets that the workbench draws, into its part of convolutions.md, which is written as it grows. With
 * `--home`, runs that are there already are taken as they are.
 */
export async function networksCommand(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      home: { type: 'string', default: mkdtempSync(join(tmpdir(), 'networks-bench-')) },
      count: { type: 'string', default: '3000' },
      seeds: { type: 'string', default: '1,2,3' },
    },
  })
  const { home, count } = values,
    seeds = values.seeds.split(',').map(Number)
  const known = (await ask<{ datasets: { name: string }[] }>(['datasets', 'list', '--home', home])).datasets
  const tables: Table[] = []
  for (const set of sets) {
    if (!known.some(({ name }) => name === set)) await ask(['datasets', 'add', '--home', home, '--path', set, '--count', count])
    for (const [network, settings] of Object.entries(networks)) {
      const table: Table = { set, network, runs: [] }
      tables.push(table)
      // One plan a variant, so that the page grows; a machine of layers alone has no pyramid.
      for (const { id } of variants.filter((variant) => network === 'dense' || variant.id !== 'rbm')) {
        const plan = join(home, 'plan.json')
        const single = id === 'pca' || id === 'rbm'
        const layers = single ? { 'network.layers': [code] } : settings
        writeFileSync(
          plan,
          JSON.stringify({
            name: `${set}, ${network}, ${id}`,
            dataset: set,
            seeds: id === 'pca' ? seeds.slice(0, 1) : seeds,
            settings: { ...layers, ...likelihood },
            variants: [{ variant: id }],
          }),
        )
        const { runs } = await ask<{ runs: Trained[] }>(['experiment', 'run', plan, '--home', home])
        table.runs.push(...runs)
        console.error(`${set}, ${network}: ${rowOf(id, runs)}`)
        keepPart('networks', report(tables, seeds.length))
      }
    }
  }
}

/** What a command of the workbench says as JSON. */
async function ask<T>(args: readonly string[]): Promise<T> {
  const child = spawn(process.execPath, [cli, ...args, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const said = await text(child.stdout)
  const answer = JSON.parse(said.trim().split('\n').at(-1) ?? '') as T & { error?: { message: string } }
  if (answer.error) throw new Error(answer.error.message)
  return answer
}

const titleOf = (id: string): string => variants.find((variant) => variant.id === id)?.title ?? id

function rowOf(id: string, runs: readonly Trained[]): string {
  const cells = columns.map(([, digits, of]) => {
    const found = runs.flatMap(({ evaluation }) => (evaluation && of(evaluation)) ?? [])
    const known = estimate(found)
    if (known === null) return '–'
    const { mean, half } = known
    return half === null ? mean.toFixed(digits) : `${mean.toFixed(digits)} ± ${half.toFixed(digits)}`
  })
  return `| ${titleOf(id)} | ${cells.join(' | ')} |`
}

function report(tables: readonly Table[], seeds: number): string {
  return [
    `Each variant by its defaults, code of ${code}; means of ${seeds} seeds with 95% t intervals, on the test images ` +
      `(${machine()}).`,
    ...tables.flatMap(({ set, network, runs }) => [
      '',
      `### ${set}, ${network}`,
      '',
      `| variant | ${columns.map(([title]) => title).join(' | ')} |`,
      '|---|---|---|---|',
      ...[...new Set(runs.map(({ variant }) => variant))].map((id) =>
        rowOf(
          id,
          runs.filter(({ variant }) => variant === id),
        ),
      ),
    ]),
    '',
  ].join('\n')
}
