import { augmentationProblem, readAugmentation } from '../../../shared/augmentation.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { Context, Handlers } from './context.ts'
import { reduced } from './images.ts'

/** What becomes of training images. */
export const augmentingHandlers = ({ home, store, jobs }: Context) =>
  ({
    /** Errors: DATASET_UNKNOWN; SETTING_INVALID; CALL_INVALID where there are no images. */
    'datasets.augmented': async ({ dataset: reference, augment, seed, steps, side }) => {
      const dataset = store.datasets.get(reference)
      if (dataset.kind !== 'image') {
        const message = `“${dataset.name}” has no images that could be changed; choose another dataset.`
        throw new WorkbenchError('CALL_INVALID', message, { field: 'dataset' })
      }
      const wanted = readAugmentation(augment)
      const problem = typeof wanted === 'string' ? wanted : augmentationProblem(wanted, dataset)
      if (problem !== null) throw new WorkbenchError('SETTING_INVALID', problem, { field: 'data.augment' })
      const job = { kind: 'augment' as const, datasetFolder: home.dataset(dataset.id), augment, seed, steps }
      const { originals, changed } = await jobs.ask(job)
      return { originals: reduced(originals, side), changed: changed.map((images) => reduced(images, side)) }
    },
  }) satisfies Partial<Handlers>
