import { writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import type { Export, Run } from '../../../shared/domain.ts'
import { toErrorInfo, WorkbenchError } from '../../../shared/errors.ts'
import { ownerIn, settingsReader } from '../compare/settings.ts'
import { shownPath } from '../export/downloadPath.ts'
import { indexCsv, readIndex, type FolderIndex, type IndexedFile } from '../export/folderIndex.ts'
import { fileName, suggestFile } from '../export/suggestFile.ts'
import { checkFolder, writeFolder } from '../export/targetFolder.ts'
import { whileNoted } from '../export/targetNotes.ts'
import { runFolders } from '../home.ts'
import { variantInfos } from '../variants/index.ts'
import { version } from '../version.ts'
import type { Context, Handlers } from './context.ts'
import { exportMetadata, exportOf, requireCheckpoint, takesOf } from './exports.ts'

/** A name for each run's file, no two alike whatever the file system thinks of capitals. */
function fileNames(runs: readonly Run[]): Map<string, string> {
  const usedNames = new Set<string>()
  return new Map(
    runs.map((run) => {
      const base = fileName(run.name, 'run')
      const name = usedNames.has(base.toLowerCase()) ? `${base}-${run.id}` : base
      usedNames.add(name.toLowerCase())
      return [run.id, `${name}.onnx`]
    }),
  )
}

/** Of swept settings those that have a use in a run, of which `used` tells. */
const usedOf = (values: Record<string, unknown>, used: ReadonlyMap<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([key]) => used.has(key)))

/** Exporting all runs of an experiment. */
export const manyExportsHandlers = ({ home, store, tasks, jobs, emit }: Context) =>
  ({
    /**
     * Errors: EXPERIMENT_UNKNOWN, EXPERIMENT_STATE where no run of it has ended, EXPORT_EXISTS, EXPORT_UNWRITABLE. A run that
     * cannot be exported is named in the index; where none can, the task fails with the first one's reason.
     */
    'exports.many': async ({ experiment: reference, part, input, precision, out, force }) => {
      if (!isAbsolute(out))
        throw new WorkbenchError('CALL_INVALID', `“${out}” is not an absolute path; give the folder's whole path.`, {
          field: 'out',
        })
      const experiment = store.experiments.resolve(reference)
      const members = store.experiments
        .members(experiment.id)
        .toSorted((a, b) => a.cell - b.cell || a.seed - b.seed)
        .flatMap((member) =>
          member.run !== null && member.state === 'completed' ? [{ ...member, run: store.runs.get(member.run) }] : [],
        )
      if (members.length === 0) {
        throw new WorkbenchError(
          'EXPERIMENT_STATE',
          `No run of the experiment “${experiment.name}” is completed, so there is nothing to export; wait for its runs.`,
          { field: 'experiment' },
        )
      }
      const target = await checkFolder(out, force, home.folder)
      const dataset = store.datasets.get(experiment.datasetId)
      const names = fileNames(members.map(({ run }) => run))
      const takes = takesOf(part, input, dataset)
      const settingsOf = settingsReader(variantInfos())
      const task = tasks.start('export', `${experiment.name}: ${part}`, async (signal, onProgress, keep) => {
        const exported: Export[] = []
        const files: IndexedFile[] = []
        const failed: FolderIndex['failed'] = []
        await whileNoted(home.folder, [dirname(target), target], () =>
          writeFolder(target, async (folder) => {
            for (const [done, { run, cell: index }] of members.entries()) {
              const tell = (share: number) =>
                onProgress({
                  done: done + share,
                  total: members.length,
                  unit: 'files',
                  perSecond: null,
                  secondsLeft: null,
                  stage: run.name,
                })
              tell(0)
              const file = names.get(run.id)!
              try {
                requireCheckpoint(home, run, dataset)
                const facts = await jobs.run(
                  {
                    kind: 'export',
                    ...runFolders(home, run),
                    part,
                    input: takes,
                    precision,
                    out: join(folder, file),
                    force: false,
                    evaluation: run.evaluation,
                    metadata: exportMetadata(run, dataset),
                  },
                  { threads: run.threads, signal },
                )
                exported.push(
                  exportOf(run, { part, input: takes, precision }, { ...facts, file: shownPath(home, join(target, file)) }),
                )
                const cell = experiment.cells[index]
                const { sha256, bytes, opset, maxAbsDiff, reduction, inputs, outputs } = facts
                files.push({
                  file,
                  run: run.id,
                  name: run.name,
                  variant: run.variant,
                  seed: run.seed,
                  cell: cell?.title ?? null,
                  values: usedOf(cell?.values ?? {}, settingsOf(run)),
                  layers: ownerIn(run).layers,
                  sha256,
                  bytes,
                  opset,
                  maxAbsDiff,
                  reduction,
                  inputs,
                  outputs,
                  evaluation: run.evaluation,
                })
              } catch (thrown) {
                signal.throwIfAborted()
                // What is wrong with the disk is wrong for all of them.
                const error = toErrorInfo(thrown)
                if (error.code === 'DISK_FULL' || error.code === 'EXPORT_UNWRITABLE') throw thrown
                failed.push({ run: run.id, name: run.name, ...error })
              }
            }
            signal.throwIfAborted()
            if (files.length === 0) throw WorkbenchError.from(failed[0]!)
            const index: FolderIndex = {
              workbench: version,
              experiment: { id: experiment.id, name: experiment.name },
              dataset: { name: dataset.name, sha256: dataset.sha256 },
              part,
              input: takes,
              precision,
              createdAt: new Date().toISOString(),
              files,
              failed,
            }
            await writeFile(join(folder, 'index.json'), `${JSON.stringify(index, null, 2)}\n`)
            await writeFile(join(folder, 'index.csv'), indexCsv(index))
          }),
        )
        for (const each of exported) {
          if (!store.runs.has(each.runId)) continue
          await keep(() => store.exports.insert(each))
          emit({ type: 'export', export: each })
        }
        return target
      })
      return { task }
    },
    'exports.suggestFolder': ({ experiment, part, precision }) => ({
      folder: suggestFile(
        `${store.experiments.resolve(experiment).name}-${part}s${precision === 'float32' ? '' : `-${precision}`}`,
        '',
      ),
    }),
    'exports.index': async ({ folder }) => {
      if (!isAbsolute(folder))
        throw new WorkbenchError('CALL_INVALID', `“${folder}” is not an absolute path; give the folder's whole path.`, {
          field: 'folder',
        })
      const { files, failed } = await readIndex(folder)
      return { files: files.length, failed: failed.map(({ run, name, code, message }) => ({ run, name, code, message })) }
    },
  }) satisfies Partial<Handlers>
