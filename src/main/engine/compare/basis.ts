import { deadUnitsName } from '../../../shared/activity.ts'
import { lossUnit } from '../../../shared/lossUnit.ts'
import type { Run } from '../../../shared/domain.ts'
import { validatedTogether } from '../../../shared/split.ts'
import { thousands } from '../../../shared/words.ts'
import { likelihoodWords } from '../figures/likelihood.ts'
import { variants } from '../variants/index.ts'

/** The clean squared error, which is the same measure for every variant. */
export const cleanKey = 'validation/squaredError'

/** What a series of a run is measured on. */
export interface Basis {
  /** Values of two runs may stand on one axis, and be ranked, only where these are equal. */
  id: string
  /** `on inputs with 30% of their values masked`; empty where nothing needs to be said. */
  words: string
  unit: string
}

type Measured = Pick<Run, 'datasetId' | 'variant' | 'config'>

/** Those of variants that are no longer known are clean, as most are. */
const byId = new Map(variants.map((variant) => [variant.id, variant]))

/** The basis of a series by its key, of the whole network's and of a layer's pretraining. */
export function basisOf(run: Measured, key: string): Basis {
  const layer = /^pretraining\/\d+\//.exec(key)?.[0] ?? ''
  const [set = '', term = ''] = splitAtSlash(key.slice(layer.length))
  if (set !== 'train' && set !== 'validation') return { id: set, words: '', unit: '' }
  // A layer's inputs are what the layers below it make of the data: alike only where all of that is.
  const { network, pretraining } = run.config
  if (layer !== '') return { id: JSON.stringify([run.datasetId, network, pretraining]), words: '', unit: 'per sample' }
  return wholeBasis(run, term, set)
}

function wholeBasis({ datasetId, variant: variantId, config }: Measured, term: string, set: 'train' | 'validation'): Basis {
  /** How the images that are measured on were changed. */
  const augment = set === 'train' ? config.data.augment : 'none'
  const { binarise } = config.data
  const seen = [binarise === 'none' ? 'none' : 'binarised', ...(augment === 'none' ? [] : [augment])].join(', ')
  const changed = augment === 'none' ? null : `changed images (${augment.replaceAll(',', ', ')})`
  if (`validation/${term}` === cleanKey) return basis([datasetId, seen, 'clean'], '', 'squared error per sample')
  if (term === deadUnitsName) return basis([datasetId, seen, term], '', 'units')
  const unit = lossUnit([config])
  const decay = config.training.weightDecay
  if (term === 'weightDecay') return basis([term, decay], '', unit)
  if (config.fineTuning.kind === 'classification') {
    return basis([datasetId, seen, 'classes', term === 'loss' ? decay : 0], `the classes of ${changed ?? 'clean inputs'}`, unit)
  }

  const variant = byId.get(variantId)
  const likelihood = variant?.likelihood?.(config.regularizer as never) ?? null
  const drawn = variant?.measuredOn?.(config.regularizer as never) ?? null
  const inputs = binarise === 'dynamic' ? ['inputs binarised anew each time'] : changed === null ? ['clean inputs'] : []
  const rebuilt = [datasetId, binarise, likelihood ?? config.reconstruction, drawn, ...(augment === 'none' ? [] : [augment])]
  const words = [
    ...(changed === null ? [] : [changed]),
    ...(drawn === null ? inputs : [drawn]),
    ...(drawn !== null && binarise === 'dynamic' ? ['inputs binarised anew each time'] : []),
    ...(likelihood === null ? [] : [`by ${likelihoodWords[likelihood]}`]),
  ].join(', ')
  if (term === 'reconstruction') return basis(rebuilt, words, unit)
  const terms = variant?.terms ?? []
  if (term !== 'loss') {
    const weighted = terms.includes(term) ? [variantId, config.regularizer] : [binarise]
    const over = variant?.ofBatches?.(config.regularizer as never).includes(term)
      ? togetherWords(set, config.training.batchSize)
      : ''
    return basis(
      [datasetId, term, ...weighted, ...(augment === 'none' ? [] : [augment]), ...(over === '' ? [] : [over])],
      over,
      unit,
    )
  }
  // With one term alone the loss is that term, whatever the variant.
  const penalties = terms.filter((one) => one !== 'reconstruction')
  const penaltyId = penalties.length > 0 ? [variantId, config.regularizer] : []
  const added = [...penalties.map((one) => penaltyWords(one)), ...(decay > 0 ? ['weight decay'] : [])]
  const all = added.length > 0 ? `${words}, with ${added.join(' and ')}` : words
  return basis([...rebuilt, ...penaltyId, ...(decay > 0 ? [decay] : [])], all, unit)
}

const basis = (id: readonly unknown[], words: string, unit: string): Basis => ({
  id: JSON.stringify(id),
  words: words === '' ? '' : `on ${words}`,
  unit,
})

/** Over how many images a term is estimated that depends on that. */
const togetherWords = (set: 'train' | 'validation', batchSize: number): string =>
  `means of ${set === 'train' ? thousands(batchSize) : `up to ${thousands(validatedTogether(batchSize))}`} images`

const penaltyWords = (term: string): string =>
  term === 'kl' ? 'the KL term' : `the ${term.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()} term`

const splitAtSlash = (key: string): [string, string] => [key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1)]

/** Whether a series of these runs is measured on one thing. */
export const oneBasis = (runs: readonly Measured[], key: string): boolean =>
  new Set(runs.map((run) => basisOf(run, key).id)).size < 2
