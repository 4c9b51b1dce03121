import { createHash } from 'node:crypto'
import type { Config, Field } from '../../../shared/config.ts'
import { shapeOf, type Shape } from '../../../shared/shape.ts'
import { layerVariantOf } from '../variants/layers.ts'
import { fieldsOf } from '../variants/settings/fields.ts'
import { variantOf } from '../variants/registry.ts'

/** What of its own settings decides how much a variant computes: choices and counts do, strengths and rates do not. */
const kinds = new Map<string, Map<string, Field['kind']>>()

function kindsOf(variant: string): Map<string, Field['kind']> {
  let known = kinds.get(variant)
  if (!known)
    kinds.set(
      variant,
      (known = new Map(
        fieldsOf(variantOf(variant))
          .filter(({ key }) => key.startsWith('regularizer.'))
          .map(({ key, kind }) => [key.slice('regularizer.'.length), kind]),
      )),
    )
  return known
}

const counted = (variant: string, regularizer: Record<string, unknown>): [string, unknown][] =>
  Object.entries(regularizer)
    .filter(([key]) => kindsOf(variant).get(key) !== 'number')
    .sort(([a], [b]) => (a < b ? -1 : 1))

/** What the speed of a run depends on beside its settings. */
export interface Machine {
  input: Shape
  kind: string
  classes: number
  threads: number
  cpu: string
}

/**
 * The same for two configs whose steps take equally long: all of the network, batch, optimizer and what the variants count,
 * without strengths, rates and the length of the training.
 */
export function stepKey(variant: string, config: Config, { input, kind, classes, threads, cpu }: Machine): string {
  const { network, reconstruction, training, regularizer, data, pretraining, fineTuning } = config
  const classifies = fineTuning.kind === 'classification'
  const layers =
    pretraining.kind === 'none'
      ? []
      : [
          pretraining.kind,
          layerVariantOf(config).id,
          pretraining.batchSize,
          pretraining.weightDecay > 0,
          pretraining.tied,
          counted(layerVariantOf(config).id, pretraining.regularizer),
        ]
  return short([
    variant,
    canonical(network),
    reconstruction,
    [training.batchSize, training.optimizer, training.weightDecay > 0, training.clipNorm > 0],
    counted(variant, regularizer),
    data.binarise,
    layers,
    ...(data.augment === 'none' ? [] : [{ augment: data.augment.replace(/=[\d.]+/g, '') }]),
    ...(data.standardise === 'none' ? [] : [{ standardise: data.standardise }]),
    classifies ? [classes, fineTuning.labelled] : [],
    canonical(shapeOf(input)),
    kind,
    threads,
    cpu,
  ])
}

/** What the time of an evaluation depends on. */
export const evaluationKey = (variant: string, config: Config, dataset: string, threads: number, cpu: string): string => {
  const { likelihood } = variantOf(variant)
  return short([
    'evaluation',
    dataset,
    canonical(config.network),
    config.fineTuning.kind,
    likelihood ? likelihood(config.regularizer as never) : null,
    threads,
    cpu,
  ])
}

/** Under which what was seen of a machine is kept. */
export const machineKey = (threads: number, cpu: string): string => short(['machine', threads, cpu])

/** A key of what decides. */
const short = (parts: readonly unknown[]): string => createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)

/** Two configs that are the same in everything have the same text, whatever the order of their keys. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{${Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`)
    .join(',')}}`
}
