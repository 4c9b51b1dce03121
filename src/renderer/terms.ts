/** Names of series and terms as people read them. */
const titles: Record<string, string> = {
  loss: 'Loss',
  reconstruction: 'Reconstruction',
  contraction: 'Contraction',
  sparsity: 'Sparsity',
  kl: 'KL divergence',
  weightDecay: 'Weight decay',
  squaredError: 'Clean squared error',
  klPerUnit: 'KL of each unit',
  deadUnits: 'Dead units of the encoder',
  pseudoLikelihood: 'Pseudo log likelihood',
}
const sets: Record<string, string> = { train: 'training', validation: 'validation' }

/** `weightDecay` as `Weight decay`; a name that is not known is split into words. */
export const termTitle = (term: string): string => titles[term] ?? sentence(term)

/** What the keys of a layer's pretraining begin with. */
const ofLayer = /^pretraining\/\d+\//

/** The parts of a series' key: `validation/loss`, `pretraining/0/validation/loss`. */
export function seriesParts(key: string): { prefix: string; set: string; term: string } {
  const prefix = ofLayer.exec(key)?.[0] ?? ''
  const slash = key.indexOf('/', prefix.length)
  return { prefix, set: key.slice(prefix.length, slash), term: key.slice(slash + 1) }
}

/** Series that belong to a layer, by the first half of their key. */
export const layerSeries = { gradient: 'Gradient norm', updateRatio: 'Size of an update over size of the weights' } as const
export const isLayerSeries = (set: string): set is keyof typeof layerSeries => Object.hasOwn(layerSeries, set)

/** `validation/loss` as `Validation loss`, `gradient/encoder/0` as `Gradient norm, encoder/0`. */
export function seriesTitle(key: string): string {
  const { set, term } = seriesParts(key)
  if (isLayerSeries(set)) return `${layerSeries[set]}, ${term}`
  if (term === 'squaredError' && set === 'validation') return `${termTitle(term)}, ${sets[set]}`
  return `${sentence(sets[set] ?? set)} ${termTitle(term).replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())}`
}

/** Words of a dotted or camel-case name: `network.codeActivation` as `Code activation`. */
export function sentence(name: string): string {
  const words = (name.split('.').pop() ?? name).replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
