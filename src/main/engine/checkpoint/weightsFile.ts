import { join } from 'node:path'
import { withoutStatistics, type Config } from '../../../shared/config.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { Shape } from '../../../shared/shape.ts'
import { isOfNetwork } from '../network/normalisation.ts'
import { partsOfNetwork, type Variant } from '../variants/variant.ts'
import type { Position } from './checkpoint.ts'
import { inputShapeIn, takesShape, valuesText } from './inputShape.ts'
import { readShapes } from './safetensors.ts'
import { understoodConfig } from './understood.ts'

/** A checkpoint as a file of its own: what it was trained as, without its values. */
export interface WeightsFile {
  path: string
  variant: string
  config: Config
  seed: number
  inputShape: Shape
  classes: string[]
  step: number
  epoch: number
  /** Of the network's weights and running statistics, by their names. */
  shapes: Record<string, number[]>
}

/** The weights that a run begins with where they are not drawn: a copy in its folder. */
export const beginFile = (runFolder: string): string => join(runFolder, 'begin.safetensors')

const field = 'weights'

/**
 * Reads what a file of weights says of itself.
 * @throws WorkbenchError CHECKPOINT_MISSING; CHECKPOINT_DAMAGED; FILE_UNSUPPORTED where it is a safetensors file of something
 * else, or of a newer workbench
 */
export function readWeightsFile(path: string): WeightsFile {
  const { metadata, shapes } = readShapes(path)
  if (metadata['format'] !== 'autoencoder-workbench') {
    throw new WorkbenchError(
      'FILE_UNSUPPORTED',
      `${path} is a safetensors file, but no checkpoint of the workbench: it says nothing ` +
        `of the network's settings. Choose a file from a run's checkpoints folder.`,
      { field },
    )
  }
  try {
    const position = { stage: 0, ...(JSON.parse(metadata['position'] ?? '') as Omit<Position, 'stage'>) }
    const config = withoutStatistics(understoodConfig(path, metadata))
    if (Object.keys(shapes).some((name) => name.startsWith('stage/'))) {
      throw new WorkbenchError(
        'FILE_UNSUPPORTED',
        `${path} was written while its layers were pretrained, so the whole network is not trained yet; choose a later checkpoint.`,
        { field },
      )
    }
    return {
      path,
      variant: metadata['variant']!,
      config,
      seed: Number(metadata['seed']),
      inputShape: inputShapeIn(metadata),
      classes: JSON.parse(metadata['classes'] ?? '[]') as string[],
      step: position.step,
      epoch: position.epoch,
      shapes: Object.fromEntries(Object.entries(shapes).filter(([name]) => isOfNetwork(name))),
    }
  } catch (cause) {
    if (cause instanceof WorkbenchError) throw cause
    throw new WorkbenchError('CHECKPOINT_DAMAGED', `${path} does not say what it was trained as; restore it from a copy.`, {
      field,
      cause,
    })
  }
}

/**
 * Which weights of a network begin anew, because a file does not have them: a softmax layer that is new, or a decoder of
 * another likelihood.
 * @throws WorkbenchError RUN_MISMATCH where the encoders are not of one shape
 */
export function matchWeights(
  file: Pick<WeightsFile, 'path' | 'shapes' | 'inputShape' | 'config'>,
  variant: Variant,
  config: Config,
  facts: { input: Shape; classes: number },
): { anew: string[] } {
  const { path, shapes, inputShape } = file
  const { network } = file.config
  if (!takesShape(network, inputShape, facts.input)) {
    throw new WorkbenchError(
      'RUN_MISMATCH',
      `The weights in ${path} are for ${valuesText(network, inputShape)} an image, and the dataset's images ` +
        `have ${valuesText(network, facts.input).replace(/ values$/, '')}; import the images with the size that they were trained on.`,
      { field: 'dataset' },
    )
  }
  const { standardise } = file.config.data
  if (config.data.standardise !== standardise) {
    const trained = `The weights in ${path} were trained with data.standardise ${standardise}, and mean nothing for inputs of another kind`
    throw new WorkbenchError('RUN_MISMATCH', `${trained}; leave data.standardise as it is in the file.`, {
      field: 'data.standardise',
    })
  }
  const meanings =
    config.network.convolutions.length > 0 ? (['normalisation', 'upsampling'] as const) : (['normalisation'] as const)
  const differs = meanings.find((key) => config.network[key] !== file.config.network[key])
  if (differs !== undefined) {
    const field = `network.${differs}`
    const trained = `The weights in ${path} were trained with ${field} ${file.config.network[differs]}, and mean nothing otherwise`
    throw new WorkbenchError('RUN_MISMATCH', `${trained}; leave ${field} as it is in the file.`, { field })
  }
  const specs = partsOfNetwork(variant, config, facts.input, facts.classes)
  const fits = ({ name, shape }: { name: string; shape: number[] }) => shapes[name]?.join() === shape.join()
  const unfit = specs.find((spec) => spec.name.startsWith('encoder/') && !fits(spec))
  if (unfit !== undefined) {
    const has = shapes[unfit.name] === undefined ? 'is not in the file' : `is ${shapes[unfit.name]!.join(' x ')} in the file`
    throw new WorkbenchError(
      'RUN_MISMATCH',
      `The run's encoder is another one than that of ${path}: ${unfit.name} is ${unfit.shape.join(' x ')} ` +
        `and ${has}. Leave network.convolutions, network.layers and the variant as they are in the file.`,
      { field: unfit.name.startsWith('encoder/conv') ? 'network.convolutions' : 'network.layers' },
    )
  }
  return { anew: specs.filter((spec) => !fits(spec)).map(({ name }) => name) }
}
