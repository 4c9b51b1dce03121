import type { Dataset, Run } from '../../../shared/domain.ts'
import type { QuestionKind } from '../../../shared/questions.ts'
import { variantOf } from '../variants/registry.ts'
import { likelihoodOf, priorOf } from '../variants/variant.ts'

type Asked = Pick<Run, 'config' | 'variant'>
type Data = Pick<Dataset, 'kind' | 'width' | 'height' | 'channels' | 'classes'>

const needDecoder: readonly QuestionKind[] = [
  'reconstructions',
  'chain',
  'generate',
  'traverse',
  'interpolate',
  'manifold',
  'decode',
  'field',
  'copying',
]

/** Why a run cannot be asked a question, in a sentence with what can be done instead; null where it can. Needs no file. */
export function whyNot(kind: QuestionKind, { config, variant }: Asked, data: Data): string | null {
  if (config.fineTuning.kind === 'classification' && needDecoder.includes(kind)) {
    return (
      'This run was fine-tuned for classification and has no decoder, so nothing can be made of a code; ' +
      'choose a run that was trained for reconstruction. Similar images, units, tangents and maps work.'
    )
  }
  if ((kind === 'featureMaps' || kind === 'filters') && config.network.convolutions.length === 0)
    return (
      'This network has no convolutions, so it has no feature maps; see its units instead, or choose a run with ' +
      'network.convolutions.'
    )
  if (kind === 'agreement' && data.classes.length === 0) {
    return 'The dataset has no classes, so neighbours cannot agree with an image; import the images from one folder for each class.'
  }
  if (kind === 'generate' && variantOf(variant).machine) {
    return 'A Boltzmann machine has no distribution of codes to draw from by itself; let its chain run from noise instead.'
  }
  if (kind === 'field' && data.kind === 'vector' && data.width === 1)
    return 'Rows of a single value have no plane to draw arrows on; choose a run on two or more values.'
  return null
}

/** Whether the decoder's output is a distribution, so that the bound can be computed. */
export const isProbabilistic = ({ config, variant }: Asked): boolean => likelihoodOf(variantOf(variant), config) !== null
/** Whether codes were trained to follow a prior, so that they can be drawn from it. */
export const hasPrior = ({ config, variant }: Asked): boolean => priorOf(variantOf(variant), config) !== null
/** Whether the run is a Boltzmann machine, whose chain is block Gibbs sampling. */
export const isMachine = ({ config, variant }: Asked): boolean => Boolean(variantOf(variant).machine?.(config.regularizer as never))

/** Codes of up to three units are shown whole; of larger ones a plane. */
export const manifoldOf = (codeSize: number): { dimensions: number; plane: boolean } =>
  codeSize <= 3 ? { dimensions: codeSize, plane: false } : { dimensions: 2, plane: true }
