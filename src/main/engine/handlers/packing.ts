import { dirname, isAbsolute, resolve } from 'node:path'
import { WorkbenchError } from '../../../shared/errors.ts'
import { packEnding } from '../../../shared/packs.ts'
import { packExperiment } from '../experiments/pack/pack.ts'
import { unpackExperiment } from '../experiments/pack/unpack.ts'
import { suggestFile } from '../export/suggestFile.ts'
import { checkTarget } from '../export/targetFile.ts'
import { newerText } from '../store/lenient.ts'
import { whileNoted } from '../export/targetNotes.ts'
import type { Context, Handlers } from './context.ts'

/** Experiments as files. */
export const packingHandlers = ({ home, store, space, tasks, experiments, emit }: Context) =>
  ({
    'experiments.pack': async ({ experiment: reference, file, withDataset, force }) => {
      const { id, name } = store.experiments.resolve(reference)
      requireAbsolute(file)
      if (experiments.summary(id).states.running > 0) {
        throw new WorkbenchError(
          'EXPERIMENT_STATE',
          `Runs of the experiment “${name}” are training; pause it first, so that what is packed belongs together.`,
          { field: 'experiment' },
        )
      }
      const newer = store.experiments.members(id).filter(({ run }) => run !== null && !store.runs.isOurs(run)).length
      if (newer > 0) {
        const what = `${newer === 1 ? 'A run' : `${newer} runs`} of the experiment “${name}”`
        throw new WorkbenchError('EXPERIMENT_STATE', newerText(what, 'pack the experiment there'), { field: 'experiment' })
      }
      const target = await checkTarget(file, force, home.folder).catch((thrown: unknown) => {
        throw thrown instanceof WorkbenchError
          ? new WorkbenchError(thrown.code, thrown.message, { field: 'file', cause: thrown })
          : thrown
      })
      const task = tasks.start('pack', name, async (signal, onProgress) => {
        await whileNoted(home.folder, [dirname(target)], () =>
          packExperiment({ store, home }, id, target, { withDataset, force, signal, onProgress }),
        )
        return id
      })
      return { task }
    },
    'experiments.suggest': ({ experiment }) => ({ file: suggestFile(store.experiments.resolve(experiment).name, packEnding) }),
    'experiments.unpack': ({ file }) => {
      requireAbsolute(file)
      const task = tasks.start('unpack', resolve(file), async (signal, onProgress) => {
        const { experiment, runs, dataset } = await unpackExperiment({ store, home, space }, resolve(file), { signal, onProgress })
        if (dataset !== null) emit({ type: 'dataset', dataset: store.datasets.get(dataset) })
        for (const run of runs) emit({ type: 'run', run: store.runs.get(run) })
        experiments.tell(experiment)
        return experiment
      })
      return { task }
    },
  }) satisfies Partial<Handlers>

function requireAbsolute(file: string): void {
  if (!isAbsolute(file))
    throw new WorkbenchError('CALL_INVALID', `“${file}” is not an absolute path; give the file's whole path.`, { field: 'file' })
}
