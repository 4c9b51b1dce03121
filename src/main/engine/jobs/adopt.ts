import type { Evaluation, Preview } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { measuredOf, readCheckpointFile, writeCheckpoint } from '../checkpoint/checkpoint.ts'
import { valuesText, type trainAgain } from '../checkpoint/inputShape.ts'
import { countParameters } from '../network/weights.ts'
import { evaluateTrained } from '../training/evaluation.ts'
import type { Port } from '../training/port.ts'
import { makePreview } from '../training/preview.ts'
import { openTrained } from './openTrained.ts'
import { telling } from './share.ts'

/** Measures the network of a checkpoint's file on a dataset, and makes a run's folder of it. */
export interface AdoptJob {
  kind: 'adopt'
  file: string
  datasetFolder: string
  /** Becomes the folder of the run. */
  outFolder: string
}
export interface AdoptResult {
  evaluation: Evaluation
  preview: Preview | null
  parameters: number
}

const otherDataset: typeof trainAgain = (network, fileShape, given) =>
  new WorkbenchError(
    'RUN_MISMATCH',
    `The weights are for ${valuesText(network, fileShape)} an image, and the dataset's images have ` +
      `${valuesText(network, given).replace(/ values$/, '')}; import the images with the size that they were trained on.`,
    { field: 'dataset' },
  )

/**
 * Measures the network of a checkpoint's file as a training would at its end, and writes it as a run's checkpoint.
 * @throws WorkbenchError CHECKPOINT_MISSING, CHECKPOINT_DAMAGED, RUN_MISMATCH, RUN_DIVERGED, CANCELLED
 */
export async function adopt({ file, datasetFolder, outFolder }: AdoptJob, port: Port): Promise<AdoptResult> {
  const { checkpoint, data, train, spec, load } = openTrained(readCheckpointFile(file), datasetFolder, otherDataset)
  const { config, classes, position } = checkpoint
  const { seen: dataset, fingerprint } = data
  if (config.fineTuning.kind === 'classification' && classes.join('\n') !== dataset.classes.join('\n')) {
    throw new WorkbenchError(
      'RUN_MISMATCH',
      `The network tells ${classes.length} classes apart (${classes.slice(0, 5).join(', ')}), ` +
        'and the dataset has others; choose a dataset of the same classes.',
      { field: 'dataset' },
    )
  }
  const model = load()
  writeCheckpoint(outFolder, 'last', { ...checkpoint, dataset: fingerprint, state: model.weights() })
  const preview = makePreview(model, spec, dataset, position.step, position.epoch)
  const evaluation = await evaluateTrained(model, spec, dataset, train, telling(port))
  return { evaluation: { ...evaluation, ...measuredOf('last', position) }, preview, parameters: countParameters(model.specs) }
}
