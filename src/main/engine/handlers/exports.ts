import { existsSync } from 'node:fs'
import { shapeOf, sizeOf } from '../../../shared/shape.ts'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { Dataset, Export, Run } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { identityOf, requireOwn } from '../checkpoint/belongs.ts'
import { describeResult } from '../checkpoint/checkpoint.ts'
import { shownPath } from '../export/downloadPath.ts'
import type { ExportOutcome } from '../export/exportOnnx.ts'
import { nodeSnippet } from '../export/snippets/node.ts'
import { pythonSnippet } from '../export/snippets/python.ts'
import { torchLoader } from '../export/snippets/torch/loader.ts'
import { suggestFile } from '../export/suggestFile.ts'
import { checkTarget, writeWhole } from '../export/targetFile.ts'
import { whileNoted } from '../export/targetNotes.ts'
import { runFolders, type Home } from '../home.ts'
import { requireOurs } from '../store/lenient.ts'
import { newId } from '../store/ids.ts'
import { resolveConfig, variantOf } from '../variants/index.ts'
import { version } from '../version.ts'
import type { Context, Handlers } from './context.ts'

/** Errors: RUN_STATE where a newer version wrote the run; CHECKPOINT_MISSING; CHECKPOINT_DAMAGED where it is another run's. */
export function requireCheckpoint(home: Home, run: Run, dataset: Dataset): void {
  requireOurs(run)
  if (!existsSync(join(home.run(run.id), 'checkpoints')))
    throw new WorkbenchError('CHECKPOINT_MISSING', `The run “${run.name}” has no checkpoint yet; train it first.`, { field: 'run' })
  requireOwn(home.run(run.id), ['last', 'best'], identityOf(run, dataset))
}

/** What a file takes: codes and vectors are reals, of which there are no pixels to take. */
export const takesOf = (part: Export['part'], input: Export['input'], { kind }: Pick<Dataset, 'kind'>): Export['input'] =>
  part === 'decoder' || kind === 'vector' ? 'raw' : input

/** A file that was exported, as the list of exports names it. */
export const exportOf = (run: Run, what: Pick<Export, 'part' | 'input' | 'precision'>, facts: ExportOutcome): Export => ({
  id: newId(),
  runId: run.id,
  runName: run.name,
  ...what,
  ...facts,
  createdAt: new Date().toISOString(),
})

/** What an exported file says about where it comes from. */
export const exportMetadata = (run: Run, dataset: Dataset): Record<string, string> => ({
  workbench: version,
  run: run.id,
  runName: run.name,
  dataset: dataset.name,
  datasetSha256: dataset.sha256,
  variant: run.variant,
  seed: String(run.seed),
  config: JSON.stringify(run.config),
  evaluation: JSON.stringify(run.evaluation),
  node: process.version,
  classes: JSON.stringify(dataset.classes),
  fit: dataset.fit,
})

/** Exported files and the programs that use them; tasks of every kind. */
export const exportHandlers = ({ home, store, tasks, jobs, emit }: Context) =>
  ({
    'exports.create': async (input) => {
      const run = store.runs.resolve(input.run)
      const dataset = store.datasets.get(run.datasetId)
      if (!isAbsolute(input.out))
        throw new WorkbenchError('CALL_INVALID', `“${input.out}” is not an absolute path; give the file's whole path.`, {
          field: 'out',
        })
      const out = resolve(input.out)
      await checkTarget(out, input.force, home.folder)
      requireCheckpoint(home, run, dataset)
      const { part, precision, force } = input
      const takes = takesOf(part, input.input, dataset)
      const task = tasks.start(
        'export',
        `${run.name}: ${part}`,
        async (signal, onProgress, keep) => {
          const facts = await whileNoted(home.folder, [dirname(out)], () =>
            jobs.run(
              {
                kind: 'export',
                ...runFolders(home, run),
                part,
                input: takes,
                precision,
                out,
                force,
                evaluation: run.evaluation,
                metadata: exportMetadata(run, dataset),
              },
              { threads: run.threads, signal, onProgress },
            ),
          )
          if (!store.runs.has(run.id)) {
            throw new WorkbenchError(
              'RUN_UNKNOWN',
              `The run “${run.name}” was removed while it was exported; ` +
                `${facts.file} is complete, but the list of exports does not name ` +
                'it.',
            )
          }
          const shown = { ...facts, file: shownPath(home, facts.file) }
          const item = exportOf(run, { part, input: takes, precision }, shown)
          await keep(() => store.exports.insert(item))
          emit({ type: 'export', export: item })
          return item.id
        },
        { short: true },
      )
      return { task }
    },
    'exports.list': () => ({ exports: store.exports.list() }),
    'exports.suggest': ({ run: reference, part, precision }) => ({
      file: suggestFile(`${store.runs.resolve(reference).name}-${part}${precision === 'float32' ? '' : `-${precision}`}`, '.onnx'),
    }),
    'exports.snippets': ({ export: id }) => {
      const item = store.exports.list().find((each) => each.id === id)
      if (item === undefined)
        throw new WorkbenchError('CALL_INVALID', `There is no export “${id}”; it went with its run.`, { field: 'export' })
      const subject = { ...item, dataset: store.datasets.get(store.runs.get(item.runId).datasetId) }
      return { python: pythonSnippet(subject), node: nodeSnippet(subject) }
    },
    'exports.loader': ({ run: reference }) => {
      const run = store.runs.resolve(reference)
      const dataset = store.datasets.get(run.datasetId)
      requireCheckpoint(home, run, dataset)
      const { file, variant, config, classes } = describeResult(home.run(run.id))
      const images = dataset.kind === 'image'
      // Checkpoints of before do not say how the values lie.
      const inputShape = shapeOf(dataset)
      return {
        file,
        torch: torchLoader({ file, variant: variantOf(variant), config, inputShape, images, classes: classes.length }),
      }
    },
    objective: async ({ variant, settings, shape, in: input, out }) => {
      const facts = shape ? { kind: 'image' as const, size: shape, rowSize: sizeOf(shape) } : {}
      const { config, problems } = resolveConfig(variant, settings, facts)
      if (config === null) throw WorkbenchError.from(problems[0]!)
      for (const [field, path] of [
        ['in', input],
        ['out', out],
      ] as const) {
        if (!isAbsolute(path))
          throw new WorkbenchError('CALL_INVALID', `“${path}” is not an absolute path; give the file's whole path.`, { field })
      }
      if (resolve(input) === resolve(out))
        throw new WorkbenchError(
          'CALL_INVALID',
          `The gradients would replace the weights in ${input}; give another file for them.`,
          { field: 'out' },
        )
      await checkTarget(out, true, home.folder)
      const { loss, terms } = await whileNoted(home.folder, [dirname(resolve(out))], () =>
        writeWhole(resolve(out), true, (temporary) =>
          jobs.ask({ kind: 'objective', variant, config, ...(shape ? { shape } : {}), in: input, out: temporary }),
        ),
      )
      return { loss, terms }
    },
    'tasks.list': () => ({ tasks: tasks.list() }),
    'tasks.show': ({ task }) => ({ task: tasks.get(task) }),
    'tasks.cancel': ({ task }) => ({ task: tasks.cancel(task) }),
  }) satisfies Partial<Handlers>
