import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import type { CallArguments } from '../../../shared/calls.ts'
import type { Dataset, Run } from '../../../shared/domain.ts'
import type { CodeRow, Embedding } from '../../../shared/embeddings.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { claim, discard } from '../claims.ts'
import { requireMarkable } from '../files/csv.ts'
import { shownPath } from '../export/downloadPath.ts'
import { formatOf } from '../embed/files/write.ts'
import { misfit, otherSize, runTakes } from '../embed/fitting.ts'
import { keptNames, remedyOf } from '../embed/keptCodes.ts'
import { suggestFile } from '../export/suggestFile.ts'
import { checkTarget } from '../export/targetFile.ts'
import { whileNoted } from '../export/targetNotes.ts'
import { runFolders } from '../home.ts'
import { newerText } from '../store/lenient.ts'
import { newId } from '../store/ids.ts'
import type { EmbedJob } from '../jobs/embed.ts'
import type { Context, Handlers } from './context.ts'
import { exportMetadata, requireCheckpoint } from './exports.ts'
import { withDataset } from './images.ts'

function requireAbsolute(path: string, field: string): void {
  if (!isAbsolute(path))
    throw new WorkbenchError('CALL_INVALID', `“${path}” is not an absolute path; give the whole path.`, { field })
}

/** Encoders from files, and codes of images by any encoder. */
export const embeddingHandlers = ({ home, store, tasks, jobs, emit }: Context) => {
  const find = (id: string): Embedding => {
    const found = store.embeddings.find(id)
    if (found === null && store.embeddings.has(id)) {
      const text = newerText(`The entry of the codes “${id}”`, 'open it there, or embed again')
      throw new WorkbenchError('CALL_INVALID', text, { field: 'embedding' })
    }
    if (found === null)
      throw new WorkbenchError('CALL_INVALID', `There are no codes “${id}”; they were removed, or went with their dataset.`, {
        field: 'embedding',
      })
    return found
  }

  /** The encoder of a job, and what is kept about it. */
  const encoderOf = (
    encoder: CallArguments<'embeddings.create'>['encoder'],
  ): { run: Run | null; model: string | null; title: string; job: EmbedJob['encoder'] } => {
    if ('model' in encoder) {
      requireAbsolute(encoder.model, 'model')
      const model = resolve(encoder.model)
      return { run: null, model, title: basename(model), job: { file: { ...encoder, model } } }
    }
    const run = store.runs.resolve(encoder.run)
    const dataset = store.datasets.get(run.datasetId)
    requireCheckpoint(home, run, dataset)
    return {
      run,
      model: null,
      title: run.name,
      job: {
        run: { ...runFolders(home, run), metadata: exportMetadata(run, dataset) },
      },
    }
  }

  return {
    'encoders.inspect': async (choice) => {
      requireAbsolute(choice.model, 'model')
      const { encoder } = await jobs.ask({ kind: 'inspect', file: { ...choice, model: resolve(choice.model) } })
      const contrast = encoder.metadata['contrast'] === 'normalise'
      const fitting = store.datasets.list().filter(
        (dataset) =>
          misfit(encoder, {
            ...dataset,
            normalised: contrast && withDataset(home.dataset(dataset.id), ({ contrastLimit }) => contrastLimit !== undefined),
          }) === null,
      )
      return { encoder, datasets: fitting.map(({ id }) => id) }
    },
    'encoders.datasets': ({ run: reference }) => {
      const run = store.runs.resolve(reference)
      const trainedOn = store.datasets.get(run.datasetId)
      return {
        own: trainedOn.id,
        datasets: store.datasets
          .list()
          .filter((dataset) => runTakes(run.config, trainedOn, dataset))
          .map(({ id }) => id),
      }
    },
    /**
     * Errors: as of what is named; the task fails with what the encoder or the images are refused for. Whatever ends it early,
     * no file and no codes are left.
     */
    'embeddings.create': async ({ encoder, data, out, force, bom, name }) => {
      const { run, model, title, job } = encoderOf(encoder)
      const dataset: Dataset | null = 'dataset' in data ? store.datasets.get(data.dataset) : null
      const folder = 'folder' in data ? resolve(data.folder) : null
      if (run !== null && dataset !== null) {
        const trainedOn = store.datasets.get(run.datasetId)
        if (!runTakes(run.config, trainedOn, dataset)) throw otherSize(trainedOn, dataset)
      }
      if ('folder' in data) {
        requireAbsolute(data.folder, 'folder')
        if (out === undefined)
          throw new WorkbenchError(
            'CALL_INVALID',
            'Say where the codes of the folder are to be written: a file that ends with .npz, .csv or .parquet.',
            { field: 'out' },
          )
      }
      if (out !== undefined) requireAbsolute(out, 'out')
      const file = out === undefined ? null : resolve(out)
      if (file !== null) {
        requireMarkable(formatOf(file), bom)
        await checkTarget(file, force, home.folder)
      }
      const from = dataset?.name ?? basename(folder!)
      const task = tasks.start('embed', `${title}: ${from}`, async (signal, onProgress, keep) => {
        const id = newId(),
          kept = home.embedding(id),
          work = `${kept}.partial`
        const claimed = claim(home, { kind: 'embeddings', id })
        mkdirSync(work, { recursive: true })
        try {
          const facts = await whileNoted(home.folder, file === null ? [] : [dirname(file)], () =>
            jobs.run(
              {
                kind: 'embed',
                encoder: job,
                work,
                out: file === null ? null : { file, force, bom },
                measure: dataset !== null,
                data:
                  dataset === null
                    ? { folder: folder! }
                    : { datasetFolder: home.dataset(dataset.id), binarise: run !== null && run.config.data.binarise !== 'none' },
                about: {
                  encoder: run === null ? model! : `run ${run.id} (${run.name})`,
                  images: dataset === null ? folder! : `dataset ${dataset.name}, sha256 ${dataset.sha256}`,
                },
              },
              { threads: run?.threads, signal, onProgress },
            ),
          )
          // Who cancels now comes too late: the file has its name.
          if (dataset !== null) {
            mkdirSync(kept)
            for (const each of keptNames) if (existsSync(join(work, each))) renameSync(join(work, each), join(kept, each))
          }
          await keep(() =>
            store.embeddings.insert({
              id,
              name: name ?? `${title}: ${from}`.slice(0, 200).trim(),
              run: run !== null && store.runs.has(run.id) ? run.id : null,
              model,
              datasetId: dataset?.id ?? null,
              folder,
              file: file === null ? null : shownPath(home, file),
              ...facts,
              createdAt: new Date().toISOString(),
            }),
          )
        } catch (thrown) {
          rmSync(kept, { recursive: true, force: true })
          throw thrown
        } finally {
          rmSync(work, { recursive: true, force: true })
          claimed.release()
        }
        emit({ type: 'embedding', embedding: find(id) })
        return id
      })
      return { task }
    },
    'embeddings.list': () => ({ embeddings: store.embeddings.list() }),
    'embeddings.beside': ({ dataset: reference, runs: most }) => {
      const { id } = store.datasets.get(reference)
      const best = (a: CodeRow, b: CodeRow) => (b.linearProbeAccuracy ?? -1) - (a.linearProbeAccuracy ?? -1)
      const kept = store.embeddings
        .list()
        .filter(({ datasetId }) => datasetId === id)
        .map(({ id: embedding, name, codeSize, linearProbeAccuracy, knnAccuracy }): CodeRow => ({
          kind: 'embedding',
          id: embedding,
          name,
          colour: null,
          codeSize,
          linearProbeAccuracy,
          knnAccuracy,
        }))
      const runs = store.runs
        .list()
        .filter(({ datasetId, evaluation }) => datasetId === id && evaluation !== null)
        .map(({ id: run, name, colour, config, evaluation }): CodeRow => ({
          kind: 'run',
          id: run,
          name,
          colour,
          codeSize: config.network.layers.at(-1)!,
          linearProbeAccuracy: evaluation!.linearProbeAccuracy,
          knnAccuracy: evaluation!.knnAccuracy,
        }))
      return { rows: [...kept, ...runs.sort(best).slice(0, most)].sort(best), total: kept.length + runs.length }
    },
    'embeddings.explore': async ({ embedding, question, side }) => {
      const found = find(embedding),
        { id, name, datasetId, codeSize } = found
      if (datasetId === null) {
        throw new WorkbenchError(
          'QUESTION_UNSUITABLE',
          `The codes “${name}” are of a folder and were not kept; import the folder as a dataset and embed that.`,
          { field: 'embedding' },
        )
      }
      const { name: dataset, kind, count, width, height, channels, classes, fit } = store.datasets.get(datasetId)
      const { result } = await jobs.ask({
        kind: 'lookInto',
        codes: home.embedding(id),
        again: remedyOf(found),
        codeSize,
        question,
        side,
        dataset: { name: dataset, kind, count, width, height, channels, classes, fit, folder: home.dataset(datasetId) },
      })
      return { result }
    },
    'embeddings.remove': ({ embedding }) => {
      // Whoever names what cannot be understood means it.
      const id = store.embeddings.has(embedding) ? embedding : find(embedding).id
      discard([home.embedding(id)], () => store.embeddings.remove(id))
      emit({ type: 'embeddingRemoved', embedding: id })
      return {}
    },
    'embeddings.suggest': ({ encoder, format }) => {
      const name = 'run' in encoder ? store.runs.resolve(encoder.run).name : basename(encoder.model).replace(/\.onnx$/i, '')
      return { file: suggestFile(`${name}-codes`, `.${format}`) }
    },
  } satisfies Partial<Handlers>
}
