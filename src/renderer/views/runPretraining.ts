import { plainVariant } from '../../shared/config.ts'
import type { Run, Stage } from '../../shared/domain.ts'
import { shortTitle, type SeriesMap } from './runStages.ts'

/** One kernel of a network that was pretrained: how its gradient was with pretraining and without, and how far fine-tuning moved it. */
export interface LayerRow {
  layer: string
  gradient: number | null
  unpretrained: number | null
  change: number | null
}

/** A series, however it is kept. */
interface Values {
  value: Float64Array
}
const first = (series: Values | undefined): number | null => series?.value[0] ?? null
const last = (series: Values | undefined): number | null => series?.value.at(-1) ?? null

/** Encoder from the input to the code (convolutions first), then the decoder from the code to the output, then the classifier. */
export function layerOrder(a: string, b: string): number {
  const parts = ['encoder', 'decoder', 'classifier']
  const place = (layer: string): number[] => {
    const [part = '', name = '0'] = layer.split('/')
    const convolution = name.startsWith('conv'),
      depth = Number(name.replace('conv', ''))
    // An encoder begins with its convolutions, a decoder ends with them; heads, which have names, come last.
    return [
      parts.indexOf(part),
      Number.isNaN(depth) ? 2 : Number(convolution === (part === 'decoder')),
      Number.isNaN(depth) ? 0 : depth,
    ]
  }
  const [one, other] = [place(a), place(b)]
  return one.map((value, at) => value - other[at]!).find((difference) => difference !== 0) ?? 0
}

/** Of every layer whose gradients were compared or whose weights are followed; empty without pretraining. */
export function layerRows(series: SeriesMap<Values>): LayerRow[] {
  const layers = new Set([...series.keys()].flatMap((key) => /^(?:weightChange|gradientUnpretrained)\/(.+)$/.exec(key)?.[1] ?? []))
  return [...layers].sort(layerOrder).map((layer) => ({
    layer,
    gradient: first(series.get(`gradient/${layer}`)),
    unpretrained: first(series.get(`gradientUnpretrained/${layer}`)),
    change: last(series.get(`weightChange/${layer}`)),
  }))
}

const two = (value: number): string => Number(value.toPrecision(2)).toLocaleString('en')
const share = (value: number): string => `${two(100 * value)}%`

/** How far fine-tuning moved the weights, plainly. */
export function changeSentence(rows: readonly LayerRow[], over: boolean): string | null {
  const known = rows.flatMap(({ layer, change }) => (change === null || !Number.isFinite(change) ? [] : [{ layer, change }]))
  // Before the first epoch nothing has moved.
  if (known.every(({ change }) => change === 0)) return null
  const least = known.reduce((a, b) => (b.change < a.change ? b : a))
  const most = known.reduce((a, b) => (b.change > a.change ? b : a))
  const moved = over ? 'moved' : 'has so far moved'
  if (known.length === 1) return `Fine-tuning ${moved} the weights of ${most.layer} by ${share(most.change)} of their size.`
  return (
    `Fine-tuning ${moved} the weights by ${share(least.change)} ` +
    `(${least.layer}) to ${share(most.change)} (${most.layer}) of their ` +
    'size.'
  )
}

/** Whether the gradient vanishes on its way to the first layer, from initial weights and from pretrained ones. */
export function gradientSentence(rows: readonly LayerRow[]): string | null {
  const firstLayer = rows[0]?.layer
  /** The largest norm, and how many times as large as the first layer's it is. */
  const largest = (of: (row: LayerRow) => number | null): { layer: string; by: number } | null => {
    const known = rows.flatMap((row) => {
      const value = of(row)
      return value !== null && value > 0 ? [{ layer: row.layer, value }] : []
    })
    const atFirst = known.find(({ layer }) => layer === firstLayer)
    if (!atFirst || known.length < 2) return null
    const most = known.reduce((a, b) => (b.value > a.value ? b : a))
    return { layer: most.layer, by: most.value / atFirst.value }
  }
  const without = largest((row) => row.unpretrained)
  const withIt = largest((row) => row.gradient)
  if (!without || !withIt) return null
  const says = ({ layer, by }: { layer: string; by: number }) =>
    by < 1.05 ? 'the largest of all, or nearly' : `${two(by)} times smaller than the largest (${layer})`
  return `From initial weights the gradient of the first layer is ${says(without)}; from pretrained weights it is ${says(withIt)}.`
}

export interface StackRow {
  title: string
  squaredError: number | null
  jacobianNorm: number | null
  step: number
}

/** The unrolled stack up to each pretrained layer, on the test split. */
export function stackRows(stages: readonly Stage[], series: SeriesMap<Values>): StackRow[] {
  const errors = series.get('stack/squaredError')?.value ?? []
  const norms = series.get('stack/jacobianNorm')?.value ?? []
  const number = (value: number | undefined) => (value === undefined || !Number.isFinite(value) ? null : value)
  return stages
    .filter(({ kind }) => kind === 'layer')
    .flatMap((stage, index) =>
      index < Math.max(errors.length, norms.length)
        ? [
            {
              title: shortTitle(stage),
              squaredError: number(errors[index]),
              jacobianNorm: number(norms[index]),
              step: stage.startStep + stage.steps,
            },
          ]
        : [],
    )
}

/** By what the layers of a run were pretrained as autoencoders; null where they were not. */
export const layerVariantOf = ({ stages, config }: Pick<Run, 'stages' | 'config'>): string | null =>
  config.pretraining.kind === 'none' ? null : (stages.find(({ kind }) => kind === 'layer')?.variant ?? null)

/**
 * The run that shows what the layers' regularizer does to a stack: its layers are pretrained without one, the rest that matters
 * is the same (dataset, layers, seed). Of several the one with the same length of pretraining, then the newest. Null for runs
 * that need no comparison, too.
 */
export function plainTwin(run: Run, runs: readonly Run[]): Run | null {
  const variant = layerVariantOf(run)
  if (variant === null || variant === plainVariant) return null
  const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
  const alike = runs.filter(
    (other) =>
      other.id !== run.id &&
      other.datasetId === run.datasetId &&
      other.seed === run.seed &&
      layerVariantOf(other) === plainVariant &&
      same(other.config.network.layers, run.config.network.layers) &&
      same(other.config.network.convolutions, run.config.network.convolutions) &&
      Object.hasOwn(other.latest, 'stack/jacobianNorm'),
  )
  return (
    alike.sort(
      (a, b) =>
        Number(b.config.pretraining.epochs === run.config.pretraining.epochs) -
          Number(a.config.pretraining.epochs === run.config.pretraining.epochs) || b.createdAt.localeCompare(a.createdAt),
    )[0] ?? null
  )
}

/** Whether the stack contracts more than the plain one, by the last layer that both have. */
export function contractionSentence(stack: readonly StackRow[], twin: readonly StackRow[]): string | null {
  const index = stack.findLastIndex((row, at) => row.jacobianNorm !== null && twin[at]?.jacobianNorm != null)
  const [mine, other] = [stack[index]?.jacobianNorm, twin[index]?.jacobianNorm]
  if (mine == null || other == null || other === 0) return null
  const comparison =
    `the Jacobian norm up to ${stack[index]!.title.toLowerCase()} is ${two(mine)}, ` + `that of the classical stack ${two(other)}`
  return mine < other
    ? `The stack contracts more than one without a regularizer: ${comparison}.`
    : `The stack contracts no more than one without a regularizer: ${comparison}.`
}
