import { networkSchema, pretrainingSchema, trainingSchema } from '../../../shared/config.ts'
import {
  areConvolutions,
  auto,
  isAuto,
  readConvolutions,
  textOfConvolutions,
  usualConvolutions,
  usuallyConvolved,
  type Convolution,
} from '../../../shared/convolutions.ts'
import { trainingRows, validationRows } from '../../../shared/split.ts'
import { convolutionalBatch, epochsThatTeach } from '../../../shared/trainingLength.ts'
import { usualBatch, usualCode, usualLayers } from '../../../shared/usualSizes.ts'
import { counted, thousands } from '../../../shared/words.ts'
import type { Facts } from './variant.ts'

/** What of the shared defaults follows from the data: how much of them there is, and what their values are. */

/** Images that training sees; undefined where it is not known. */
export const seenOf = ({ trainCount, validationCount }: Facts): number | undefined =>
  trainCount === undefined ? undefined : trainingRows({ trainCount, validationCount })

/** Images that runs are validated by; infinite where it is not known. */
export const validatedOf = ({ trainCount, validationCount }: Facts): number =>
  trainCount === undefined ? Infinity : validationRows({ trainCount, validationCount })

/** The pyramid that `auto` stands for; none for vectors. */
export const autoFor = ({ kind, size }: Facts): Convolution[] => (kind === 'vector' || !size ? [] : usualConvolutions(size))

/** What `network.convolutions` is where nobody says it. */
export const convolutionsFor = ({ size, kind = 'image' }: Facts): typeof auto | [] =>
  size && usuallyConvolved(size, kind) ? auto : []

/** Training images that are few for two pyramids of their own. */
export const fewForPyramids = 20_000

/** Whether a value of `network.convolutions`, unchecked, gives a network any. */
export const isConvolved = (value: unknown, facts: Facts): boolean =>
  (isAuto(value) ? autoFor(facts) : typeof value === 'string' ? readConvolutions(value) : areConvolutions(value) ? value : [])
    ?.length !== 0

/**
 * Layers, batches and epochs that fit. @param convolves whether convolutions stand before the layers, which then are the code alone
 * @param normalises whether somebody wants layers normalised by their batch, which then has a variance
 */
export function sizesFor(facts: Facts, convolves: boolean, normalises = false) {
  const { layers } = networkSchema.parse({}),
    training = trainingSchema.parse({}),
    pretraining = pretrainingSchema.parse({})
  const seen = seenOf(facts)
  const ofTraining = (usual: { epochs: number; batchSize: number }, share = 1) => {
    if (seen === undefined) return {}
    // Of few images several steps an epoch, from which networks learn more than from one.
    const most = convolves ? Math.min(usual.batchSize, convolutionalBatch) : usual.batchSize
    const fewest = normalises && seen > 1 ? 2 : 1
    const batchSize = Math.max(fewest, usualBatch(Math.ceil(seen / 4), most))
    return {
      batchSize,
      epochs: Math.max(usual.epochs, Math.round(share * epochsThatTeach(training.epochs, seen, batchSize, convolves))),
    }
  }
  return {
    network:
      facts.rowSize === undefined
        ? {}
        : convolves
          ? { layers: [usualCode(facts.rowSize, layers[1]!)] }
          : { layers: usualLayers(facts.rowSize, facts.kind ?? 'image', [layers[0]!, layers[1]!]) },
    training: ofTraining(training),
    pretraining: ofTraining(pretraining, 0.5),
  }
}

/** What the pixels are, as it stands behind “because these are”. */
const pixelWords = { colour: 'colour images', gray: 'images of many shades of gray' }

/**
 * Why a default is another than where nothing is known of the data; undefined where it is not, or where that is not for such a
 * reason.
 */
export function reasonFor(key: string, value: unknown, facts: Facts): string | undefined {
  const { pixels, rowSize, kind } = facts,
    seen = seenOf(facts)
  const image = kind === 'vector' ? 'sample' : 'image'
  if (pixels === 'colour' || pixels === 'gray') {
    if (key === 'reconstruction' && value === 'squaredError') return `Squared error, because these are ${pixelWords[pixels]}.`
    if (key === 'regularizer.decoder' && (value === 'gaussian' || value === 'sharedGaussian'))
      return `Gaussian${value === 'gaussian' ? '' : ' with one variance'}, because these are ${pixelWords[pixels]}.`
    if (key === 'training.outputBias' && value === 'mean')
      return `Beginning at the mean image, because these are ${pixelWords[pixels]}.`
  }
  if (key === 'network.convolutions' && value === auto)
    return `Here ${textOfConvolutions(autoFor(facts)).replaceAll(',', ', ')}, because images have ${counted(rowSize!, 'value')}.`
  if (key === 'network.normalisation' && value === 'batch')
    return 'By the batch, because codes that saturate or are drawn need layers that keep their scale.'
  if (kind === 'vector' && key === 'reconstruction') return 'Squared error, because values leave [0, 1].'
  if (key === 'network.layers' && rowSize !== undefined && rowSize < 512) return `Sized for ${counted(rowSize, 'value')} a row.`
  if (seen === undefined) return undefined
  if (key === 'network.tied' && value === true && seen < fewForPyramids && convolutionsFor(facts) === auto)
    return `Tied, because ${counted(seen, image)} are few for a pyramid of the decoder’s own.`
  const usual = key.startsWith('pretraining.') ? pretrainingSchema.parse({}) : trainingSchema.parse({})
  if (/^(pre)?training\.batchSize$/.test(key) && (value as number) < usual.batchSize)
    return `${thousands(value as number)}, because ${counted(seen, image)} train.`
  if (/^(pre)?training\.epochs$/.test(key) && (value as number) > usual.epochs && seen < usual.batchSize * 100)
    return `More than ${usual.epochs}, because few ${image}s are few steps an epoch.`
  return undefined
}
