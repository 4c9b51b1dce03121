import { existsSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { CallArguments } from '../../../shared/calls.ts'
import type { Dataset, Run } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { type Result } from '../../../shared/answers.ts'
import { type Opened } from '../../../shared/explore.ts'
import { questionKinds, type Question } from '../../../shared/questions.ts'
import { isUnderWay } from '../../../shared/runStates.ts'
import { identityOf, requireOwn } from '../checkpoint/belongs.ts'
import { checkpointFile, resultName } from '../checkpoint/checkpoint.ts'
import { snapshotSteps } from '../checkpoint/thin.ts'
import { createCache } from '../explore/cache.ts'
import { createExplorer } from '../explore/explorer.ts'
import { requireMarkable } from '../files/csv.ts'
import { fileOf } from '../explore/files/file.ts'
import type { Target } from '../checkpoint/target.ts'
import type { Asked } from '../explore/messages.ts'
import { hasPrior, isMachine, isProbabilistic, manifoldOf, whyNot } from '../explore/suits.ts'
import type { Context, Handlers } from './context.ts'

const defaultScript = fileURLToPath(new URL('../explore/worker.ts', import.meta.url))

/** Answers questions about trained networks. @param script of the explorer processes; tests give another one */
export function exploringHandlers({ home, store, jobs, emit, log }: Context, script: string = defaultScript) {
  const explorer = createExplorer({ script, threads: jobs.threads, log })
  const cache = createCache()
  /** What each view asked last. */
  const asking = new Map<string, AbortController>()

  const ask = async ({
    run: reference,
    checkpoint,
    view,
    side,
    question,
  }: CallArguments<'explore'>): Promise<{ run: Run; dataset: Dataset; result: Result }> => {
    const run = store.runs.resolve(reference)
    const dataset = store.datasets.get(run.datasetId)
    const controller = new AbortController()
    if (view !== undefined) {
      asking.get(view)?.abort(new WorkbenchError('CANCELLED', 'Something newer was asked in its place.'))
      asking.set(view, controller)
    }
    const reportShare = (share: number | null) => {
      if (view !== undefined && !controller.signal.aborted) emit({ type: 'explore', view, share })
    }
    try {
      const reason = whyNot(question.kind, run, dataset)
      if (reason !== null) throw new WorkbenchError('QUESTION_UNSUITABLE', reason, { field: 'question' })
      const asked: Asked = { target: targetOf(run, dataset, checkpoint), question, side, other: otherOf(question, dataset) }
      const known = cache.find(asked)
      if (known) return { run, dataset, result: known }
      const began = performance.now()
      const result = await explorer.ask(asked, { signal: controller.signal, onProgress: reportShare })
      cache.keep(asked, result, performance.now() - began)
      return { run, dataset, result }
    } finally {
      reportShare(null)
      if (view !== undefined && asking.get(view) === controller) asking.delete(view)
    }
  }

  const targetOf = (
    run: Run,
    { name, kind, count, width, height, channels, classes, fit, id, sha256 }: Dataset,
    step: number | undefined,
  ): Target => {
    const runFolder = home.run(run.id)
    const checkpoint = checkpointOf(runFolder, run, step)
    const weights = checkpoint === 'result' ? resultName(runFolder, run.config) : checkpoint
    requireOwn(runFolder, [weights], identityOf(run, { sha256 }))
    const file = checkpointFile(runFolder, weights)
    const { size, mtimeMs, ino } = statSync(file)
    return {
      key: `${run.id}/${checkpoint}/${size}/${mtimeMs}/${ino}`,
      runName: run.name,
      runFolder,
      checkpoint,
      dataset: { name, kind, count, width, height, channels, classes, fit, folder: home.dataset(id) },
      collapsed: checkpoint === 'result' ? (run.evaluation?.collapse?.units ?? null) : null,
    }
  }

  const otherOf = (question: Question, trainedOn: Dataset): Asked['other'] => {
    if (question.kind !== 'copying') return null
    const sizeOf = ({ kind, width, height, channels }: Dataset) =>
      kind === 'image' ? `${width} x ${height} x ${channels}` : `${width} values`
    const random = question.dataset === 'random'
    const other = random ? store.datasets.find('random') : store.datasets.get(question.dataset)
    // A dataset of that name is taken where it fits; else random pixels are made.
    if (other === null || (random && sizeOf(other) !== sizeOf(trainedOn))) return null
    if (sizeOf(other) !== sizeOf(trainedOn)) {
      const fitting = store.datasets
        .list()
        .filter((each) => each.id !== trainedOn.id && sizeOf(each) === sizeOf(trainedOn))
        .map((each) => `“${each.name}”`)
      throw new WorkbenchError(
        'IMAGE_SIZE',
        `“${other.name}” is of ${sizeOf(other)} and the run takes ${sizeOf(trainedOn)}; choose ` +
          `${['“random”', ...fitting.slice(0, 5)].join(' or ')}, or import those images with that ` +
          'size.',
        { field: 'question.dataset' },
      )
    }
    return { folder: home.dataset(other.id), name: other.name }
  }

  const handlers = {
    explore: async (input) => ({ result: (await ask(input)).result }),
    'explore.file': async ({ format, bom, ...input }) => {
      requireMarkable(format, bom)
      const { run, dataset, result } = await ask(input)
      return fileOf(result, format, { run, dataset, checkpoint: input.checkpoint ?? null, question: input.question }, bom)
    },
    'explore.cancel': ({ view }) => {
      asking.get(view)?.abort(new WorkbenchError('CANCELLED', 'It was cancelled.'))
      return {}
    },
    'explore.open': ({ run: reference }): Opened => {
      const run = store.runs.resolve(reference)
      const dataset = store.datasets.get(run.datasetId)
      const codeSize = run.config.network.layers.at(-1)!
      const reasons = questionKinds
        .map((kind) => [kind, whyNot(kind, run, dataset)] as const)
        .filter(([, reason]) => reason !== null)
      const moments = store.previews.moments(run.id),
        checkpoints = checkpointsOf(home.run(run.id), run, moments)
      return {
        checkpoints,
        pictured: moments.filter(({ step }) => !checkpoints.some((one) => one.step === step)),
        codeSize,
        manifold: manifoldOf(codeSize),
        probabilistic: isProbabilistic(run),
        prior: hasPrior(run),
        machine: isMachine(run),
        shows: dataset.kind === 'image' ? 'images' : dataset.width === 2 ? 'points' : 'strips',
        classes: dataset.classes,
        unavailable: Object.fromEntries(reasons),
      }
    },
  } satisfies Partial<Handlers>
  return { handlers, close: () => explorer.close() }
}

/** Steps of which there are weights to be looked at, the training's result last. */
function checkpointsOf(runFolder: string, run: Run, moments: readonly { step: number; epoch: number }[]): Opened['checkpoints'] {
  const steps = snapshotSteps(runFolder)
  if (existsSync(checkpointFile(runFolder, 'last')) && !steps.includes(run.step)) steps.push(run.step)
  const known = new Map(moments.map(({ step, epoch }) => [step, epoch]))
  return steps
    .sort((a, b) => a - b)
    .map((step) => ({ step, epoch: known.get(step) ?? (step === run.step ? run.epoch : step === 0 ? 0 : null) }))
}

/** @throws WorkbenchError CHECKPOINT_MISSING */
function checkpointOf(runFolder: string, run: Run, step: number | undefined): Target['checkpoint'] {
  if (!existsSync(checkpointFile(runFolder, 'last'))) {
    const what = isUnderWay(run.state)
      ? `is ${run.state} and has no weights yet; wait until it has trained for a moment`
      : 'has no weights that could be looked into; train a new run with its settings'
    throw new WorkbenchError('CHECKPOINT_MISSING', `The run “${run.name}” ${what}.`, { field: 'run' })
  }
  if (step === undefined) return 'result'
  if (existsSync(checkpointFile(runFolder, `snapshot-${step}`))) return `snapshot-${step}`
  if (step === run.step) return 'last'
  const steps = [...snapshotSteps(runFolder), run.step]
  throw new WorkbenchError(
    'CHECKPOINT_MISSING',
    `The run “${run.name}” kept no weights of step ${step}; choose one of ${steps.join(', ')}, or see its pictures on the run's page.`,
    { field: 'checkpoint' },
  )
}
