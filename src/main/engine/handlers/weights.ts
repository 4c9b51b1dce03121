import { createHash } from 'node:crypto'
import { createReadStream, mkdirSync, renameSync, rmSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { basename, isAbsolute, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Settings } from '../../../shared/config.ts'
import type { Run } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { takesShape } from '../checkpoint/inputShape.ts'
import { verifySafetensors } from '../checkpoint/safetensors.ts'
import { beginFile, readWeightsFile, type WeightsFile } from '../checkpoint/weightsFile.ts'
import { claim } from '../claims.ts'
import type { Home } from '../home.ts'
import { flatten } from '../../../shared/settings/nested.ts'
import type { Context, Handlers } from './context.ts'
import { factsOf } from '../experiments/newRun.ts'
import { variantOf } from '../variants/registry.ts'
import { dataMismatches } from '../variants/settings/dataRules.ts'
import type { Facts } from '../variants/variant.ts'
import { addMadeRun } from './madeRun.ts'

/** Error: CALL_INVALID, and as of `readWeightsFile`. */
export function openWeights(path: string): WeightsFile {
  if (!isAbsolute(path))
    throw new WorkbenchError('CALL_INVALID', `“${path}” is not an absolute path; give the file's whole path.`, { field: 'weights' })
  return readWeightsFile(resolve(path))
}

/**
 * The same of a file that is read through to its end before anything is made of it: what is damaged, or not finite, is refused
 * by its own name. Errors: also CHECKPOINT_DAMAGED.
 */
export async function openWholeWeights(path: string): Promise<WeightsFile> {
  const file = openWeights(path)
  try {
    await verifySafetensors(file.path)
  } catch (thrown) {
    throw thrown instanceof WorkbenchError
      ? new WorkbenchError(thrown.code, thrown.message, { field: 'weights', cause: thrown })
      : thrown
  }
  return file
}

async function checksum(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/**
 * The settings of a run that begins with a file's weights, under what else is given. Layers that are trained already are not
 * pretrained again; of a run of another variant the network alone, and what it reads, are the file's.
 */
export function settingsOf(file: WeightsFile, variant: string): Settings {
  const same = file.variant === variant
  const takes = (key: string) => (same ? !key.startsWith('pretraining.') : key.startsWith('network.') || key === 'data.standardise')
  return Object.fromEntries(flatten(file.config).filter(([key]) => takes(key)))
}

/** Copies the weights into the folder of a run, which `insert` then stores with where they are from; whatever fails, there is neither. */
export async function withWeights(
  home: Home,
  id: string,
  { path }: WeightsFile,
  insert: (origin: NonNullable<Run['origin']>) => Run,
): Promise<Run> {
  const folder = home.run(id),
    partial = `${folder}.partial`
  const claimed = claim(home, { kind: 'runs', id })
  try {
    mkdirSync(partial, { recursive: true })
    await copyFile(path, beginFile(partial))
    const sha256 = await checksum(beginFile(partial))
    renameSync(partial, folder)
    return insert({ kind: 'weights', run: sha256, removed: [], elbo: null, file: path, trained: true })
  } catch (thrown) {
    for (const left of [partial, folder]) rmSync(left, { recursive: true, force: true })
    throw thrown
  } finally {
    claimed.release()
  }
}

/** Refuses data that a file's network cannot have been trained on. @throws WorkbenchError RUN_MISMATCH */
function requireSuited({ path, variant, config }: WeightsFile, facts: Facts): void {
  const [problem] = dataMismatches(config, facts, variantOf(variant))
  if (problem === undefined) return
  // What is wrong without what could be done about it, were it not trained yet.
  const why = problem.message.replace(/;[^;]*$/, '').replace(/\.$/, '')
  throw new WorkbenchError(
    'RUN_MISMATCH',
    `The network in ${path} was trained on other data (${problem.field} there). ${why}; choose a dataset like that one.`,
    { field: 'dataset' },
  )
}

/** Weights from files: what a file is, and a run that is its network, measured here. */
export const weightsHandlers = (context: Context) => {
  const { home, store, tasks, jobs } = context
  return {
    'weights.inspect': async ({ weights }) => {
      const { shapes: _, ...file } = await openWholeWeights(weights)
      return {
        weights: { ...file, sha256: await checksum(file.path) },
        datasets: store.datasets
          .list()
          .filter((dataset) => takesShape(file.config.network, file.inputShape, dataset))
          .map(({ name }) => name),
      }
    },
    /**
     * Errors: as of the file and the dataset; the task fails with RUN_MISMATCH where they do not belong together, and with what
     * an evaluation fails with. Whatever ends it early, no run is left.
     */
    'weights.evaluate': async ({ weights, dataset: reference, name }) => {
      const file = await openWholeWeights(weights)
      const dataset = store.datasets.get(reference)
      requireSuited(file, factsOf(home, dataset))
      const task = tasks.start('evaluate', basename(file.path), (signal, onProgress, keep) =>
        addMadeRun(context, keep, async (outFolder) => {
          const sha256 = await checksum(file.path)
          mkdirSync(outFolder, { recursive: true })
          const { evaluation, preview, parameters } = await jobs.run(
            { kind: 'adopt', file: file.path, datasetFolder: home.dataset(dataset.id), outFolder },
            { signal, onProgress },
          )
          signal.throwIfAborted()
          return {
            run: {
              name: name ?? store.runs.freeName(file.variant),
              datasetId: dataset.id,
              variant: file.variant,
              seed: file.seed,
              config: file.config,
              epochs: Math.round(file.epoch),
              steps: file.step,
              stages: [],
              parameters,
              origin: { kind: 'weights', run: sha256, removed: [], elbo: null, file: file.path, trained: false },
            },
            reached: { step: file.step, epoch: file.epoch, threads: jobs.threads, evaluation },
            preview,
          }
        }),
      )
      return { task }
    },
  } satisfies Partial<Handlers>
}
