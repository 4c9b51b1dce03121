import { counted } from '../../../shared/words.ts'
import type { Config } from '../../../shared/config.ts'
import type { Dataset } from '../../../shared/domain.ts'
import type { Encoder } from '../../../shared/embeddings.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { takesShape } from '../checkpoint/inputShape.ts'

type Shape = Pick<Dataset, 'kind' | 'width' | 'height' | 'channels'>

const sizeOf = ({ kind, width, height, channels }: Shape): string =>
  kind === 'image' ? `images of ${width} × ${height} with ${counted(channels, 'channel')}` : `rows of ${counted(width, 'value')}`

/** @param normalised the dataset's patches were made of normalised contrast when they were cut */
export interface Given extends Shape {
  normalised: boolean
}

/** Why an encoder cannot be given a dataset's rows, with what can be done; null where it can. */
export function misfit({ input, metadata }: Pick<Encoder, 'input' | 'metadata'>, dataset: Given): WorkbenchError | null {
  if (dataset.kind === 'vector' && input.type === 'uint8')
    return new WorkbenchError(
      'FILE_UNSUPPORTED',
      'The encoder takes bytes, and the dataset has vectors of reals; choose another dataset or encoder.',
      { field: 'dataset' },
    )
  if (metadata['contrast'] === 'normalise' && dataset.normalised) {
    return new WorkbenchError(
      'FILE_UNSUPPORTED',
      'The encoder normalises the contrast of patches itself, and those of the ' +
        'dataset are normalised already; export it with raw input, or embed the run.',
      { field: 'model' },
    )
  }
  const wanted = { ...input, kind: input.kind === 'rows' ? ('vector' as const) : ('image' as const) }
  // Flat rows do not say whether they are images: what counts is how many values they have, but for convolutions.
  if (
    input.layout === 'ND' &&
    metadata['convolutions'] === undefined &&
    input.width * input.height * input.channels === dataset.width * dataset.height * dataset.channels &&
    (input.kind === 'rows' || dataset.kind === 'image')
  )
    return null
  if (
    wanted.kind === dataset.kind &&
    input.width === dataset.width &&
    input.height === dataset.height &&
    input.channels === dataset.channels
  )
    return null
  return otherSize(wanted, dataset)
}

/** What is said where an encoder takes rows of another shape than a dataset has. */
export function otherSize(wanted: Shape, dataset: Shape): WorkbenchError {
  const remedy =
    wanted.kind === 'image'
      ? `import the images with ${wanted.width} × ${wanted.height} and ${counted(wanted.channels, 'channel')}`
      : 'choose a dataset of such rows'
  return new WorkbenchError(
    'IMAGE_SIZE',
    `The encoder takes ${sizeOf(wanted)}, and the dataset has ${sizeOf(dataset)}; ${remedy}.`,
    { field: 'dataset' },
  )
}

/** Whether a run can be given another dataset's rows: values of the same kind, that its network can read. */
export const runTakes = ({ network }: Pick<Config, 'network'>, trainedOn: Shape, dataset: Shape): boolean =>
  trainedOn.kind === dataset.kind && takesShape(network, trainedOn, dataset)
