import { availableParallelism, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { WorkbenchError } from '../../src/shared/errors.ts'
import { keepPart } from '../convolutionsPage.ts'
import { findTorch, lastJson, least, machine, ownStep, type Torch } from './contenders.ts'

/** The network, as both sides are told of it. */
const network = { convolutions: '32x4s2,64x4s2,128x4s2', layers: '64', batch: '64' }
const sizes = ['64x64', '32x32'],
  channels = '3'
/** The settings of what the PyTorch side does for each variant. */
const settings: Record<string, string[]> = {
  classical: [],
  denoising: ['regularizer.noise=masking', 'regularizer.rate=0.3'],
  contractive: ['regularizer.jacobian=projections', 'regularizer.projections=4', 'regularizer.lambda=0.1', 'network.tied=false'],
  variational: ['regularizer.decoder=bernoulli'],
}
const ways = ['eager', 'channels_last', 'compile', 'compile_channels_last']

interface Time {
  median: number
  least: number
}
/** One contender in one setting: what each round measured. */
interface Row {
  size: string
  variant: string
  title: string
  times: Time[]
  /** Why it has no times, where it has none. */
  failure: string | null
  measure: () => Time
}
/** What the steps compute, GFLOP by setting, and the most that matrix products reached in any round, GFLOP/s. */
interface Limit {
  gigaflop: Map<string, number>
  peak: number
}

/**
 * `bench -- convolutions [--variants a,b] [--sizes 64x64,32x32] [--ways eager,...] [--rounds N] [--steps N]`: the steps of
 * convolutional networks against PyTorch's, in turn, round after round; into the part of convolutions.md that is about steps.
 * Error: USAGE.
 */
export function compareConvolutions(args: string[]): void {
  const text = (value: string) => ({ type: 'string', default: value }) as const
  const { values } = parseArgs({
    args,
    options: {
      variants: text(Object.keys(settings).join(',')),
      sizes: text(sizes.join(',')),
      ways: text(ways.join(',')),
      rounds: text('3'),
      steps: text('40'),
    },
  })
  const variants = listed(values.variants, Object.keys(settings), 'variants')
  const torch = findTorch('WORKBENCH_TORCH_CONV_PEER', 'torch_conv_peers.py')
  if (typeof torch === 'string') console.error(torch)
  const limit: Limit = { gigaflop: new Map(), peak: 0 }
  const rows: Row[] = []
  for (const size of values.sizes.split(',')) {
    for (const variant of variants) {
      const contenders = [
        own(size, variant, values.steps, limit),
        ...(typeof torch === 'string'
          ? []
          : listed(values.ways, ways, 'ways').map((way) => peer(torch, size, variant, way, values.steps))),
      ]
      for (let round = 1; round <= Number(values.rounds); round++) {
        for (const row of contenders) time(row)
        console.error(`${size} ${variant}, round ${round}: ${contenders.map(said).join(', ')}`)
      }
      rows.push(...contenders)
    }
  }
  const report = reportOf(rows, limit, Number(values.rounds), Number(values.steps))
  console.log(report)
  keepPart('steps', report)
}

function listed(given: string, known: readonly string[], option: string): string[] {
  const items = given.split(',')
  const unknown = items.find((item) => !known.includes(item))
  if (unknown !== undefined) throw new WorkbenchError('USAGE', `--${option} knows ${known.join(', ')}, not “${unknown}”.`)
  return items
}

const rowOf = (size: string, variant: string, title: string, measure: Row['measure']): Row => ({
  size,
  variant,
  title,
  times: [],
  failure: null,
  measure,
})

const own = (size: string, variant: string, steps: string, limit: Limit): Row =>
  rowOf(size, variant, 'this project', () => {
    const set = [
      `network.convolutions=${network.convolutions}`,
      `network.layers=${network.layers}`,
      'network.activation=relu',
      'network.codeActivation=linear',
      `training.batchSize=${network.batch}`,
      ...(variant === 'variational' ? [] : ['reconstruction=squaredError']),
      ...settings[variant]!,
    ].flatMap((setting) => ['--set', setting])
    const measured = ownStep(['--variant', variant, '--size', size, '--channels', channels, ...set, '--steps', steps])
    const { gigaflop, peak } = measured.limit!
    limit.gigaflop.set(`${size} ${variant}`, gigaflop)
    limit.peak = Math.max(limit.peak, peak)
    return measured
  })

const peer = ({ python, script }: Torch, size: string, variant: string, way: string, steps: string): Row =>
  rowOf(size, variant, `PyTorch, ${way.replaceAll('_', ' ')}`, () => {
    const { convolutions, layers, batch } = network
    const said = { variant, way, convolutions, layers, batch, size, channels, steps, threads: threadCount() }
    const { msPerStep, least } = lastJson<{ msPerStep: number; least: number }>(python, [
      script,
      ...Object.entries(said).flatMap(([option, value]) => [`--${option}`, value]),
    ])
    return { median: msPerStep, least }
  })

const threadCount = (): string => process.env['TF_NUM_INTRAOP_THREADS'] ?? String(availableParallelism())

/** Measures a contender once more; one that failed is left out from then on. */
function time(row: Row): void {
  if (row.failure !== null) return
  try {
    row.times.push(row.measure())
  } catch (thrown) {
    if (row.title === 'this project') throw thrown
    row.failure = 'does not run here'
  }
}

const said = ({ title, times, failure }: Row): string => `${title} ${failure ?? `${times.at(-1)!.median.toFixed(1)} ms`}`

const medianOf = ({ times }: Row): number => least(times.map(({ median }) => median))

/** The table, and by how much each step is quicker than the quickest of PyTorch's ways. */
function reportOf(rows: readonly Row[], limit: Limit, rounds: number, steps: number): string {
  const measured = rows.filter(({ failure, times }) => failure === null && times.length > 0)
  const ownOf = ({ size, variant }: Row) =>
    measured.find((row) => row.size === size && row.variant === variant && row.title === 'this project')!
  const lines = rows.map((row) => {
    const { size, variant, title, times, failure } = row
    const setting = `| ${size}x${channels} | \`${variant}\` | ${title} |`
    if (failure !== null) return `${setting} ${failure} | | | |`
    const seconds = limit.gigaflop.get(`${size} ${variant}`)! / limit.peak
    const share = ((100 * seconds) / (medianOf(row) / 1000)).toFixed(0)
    const ratio = (medianOf(row) / medianOf(ownOf(row))).toFixed(2)
    return `${setting} ${medianOf(row).toFixed(1)} | ${least(times.map((one) => one.least)).toFixed(1)} | ${ratio} | ${share}% |`
  })
  const quickest = measured
    .filter(({ title }) => title === 'this project')
    .flatMap((mine) => {
      const others = measured.filter((row) => row.size === mine.size && row.variant === mine.variant && row !== mine)
      if (others.length === 0) return []
      const best = others.reduce((a, b) => (medianOf(a) <= medianOf(b) ? a : b))
      return [`${mine.size} \`${mine.variant}\` ${(medianOf(best) / medianOf(mine)).toFixed(2)} (${best.title})`]
    })
  const works = [...limit.gigaflop].map(([setting, gigaflop]) => `${setting} ${gigaflop.toFixed(2)}`)
  return [
    `Medians of ${steps} steps, the least of ${rounds} round${rounds === 1 ? '' : 's'} in turn, ` +
      `each contender in a process of its own, ${threadCount()} threads ` +
      `(${machine()}, load average ${loadavg()[0]!.toFixed(1)} at the end). The ratio is to this project's step: above 1 is slower. ` +
      'The share is of what the arithmetic alone takes.',
    '',
    '| images | variant | | ms a step | least | ratio | of the limit |',
    '|---|---|---|---|---|---|---|',
    ...lines,
    '',
    `- GFLOP a step: ${works.join(', ')}. Matrix products of 2,048 reached ${limit.peak.toFixed(0)} GFLOP/s.`,
    ...(quickest.length === 0 ? [] : [`- Over the quickest of PyTorch's ways: ${quickest.join(', ')}.`]),
  ].join('\n')
}
