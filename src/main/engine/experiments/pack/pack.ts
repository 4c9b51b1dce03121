import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { encode } from '../../../../shared/codec.ts'
import type { Progress } from '../../../../shared/domain.ts'
import { ProgressReporter } from '../../data/progress.ts'
import { writeWhole } from '../../export/targetFile.ts'
import { folderBytes } from '../../folderBytes.ts'
import type { Home } from '../../home.ts'
import type { Store } from '../../store/store.ts'
import { version } from '../../version.ts'
import { checkpointPart, datasetPart, format, formatVersion, manifestName, type Manifest } from './manifest.ts'
import { ZipWriter, type Part } from '../../files/zipWriter.ts'

interface Options {
  withDataset: boolean
  force: boolean
  signal: AbortSignal
  onProgress: (progress: Progress) => void
}

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))

/** Files of a folder whose names are of a kind; none where it is not there. */
function filesOf(folder: string, kind: RegExp): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => kind.test(name))
      .sort()
  } catch {
    return []
  }
}

/**
 * Writes an experiment with all of its runs into one file, which is whole or not there. None of its runs may be training meanwhile.
 * @throws WorkbenchError EXPORT_EXISTS, EXPORT_UNWRITABLE, DISK_FULL; the signal's reason.
 */
export async function packExperiment(
  { store, home }: { store: Store; home: Home },
  id: string,
  file: string,
  { withDataset, force, signal, onProgress }: Options,
): Promise<void> {
  const { dataset: _, ...experiment } = store.experiments.get(id)
  const dataset = store.datasets.get(experiment.datasetId)
  const members = store.experiments.members(id).map(({ cell, seed, run, reused }) => ({ cell, seed, run, reused: reused === 1 }))
  const runs = [...new Set(members.flatMap(({ run }) => (run === null ? [] : [run])))]
  const total = runs.reduce((sum, run) => sum + folderBytes(home.run(run)), withDataset ? folderBytes(home.dataset(dataset.id)) : 0)
  const progress = new ProgressReporter(onProgress)
  let done = 0
  const onBytes = (bytes: number) => {
    signal.throwIfAborted()
    done += bytes
    progress.update('Packing', done, Math.max(total, done), 'bytes')
  }

  await writeWhole(file, force, async (temporary) => {
    const zip = await ZipWriter.create(temporary)
    try {
      const parts: Part[] = []
      const { datasetId: __, ...plain } = experiment
      parts.push(await zip.add('experiment.json', json({ experiment: plain, members })))
      for (const run of runs) {
        signal.throwIfAborted()
        parts.push(...(await packRun(store, home, zip, run, onBytes)))
        await setImmediate()
      }
      if (withDataset) {
        const folder = home.dataset(dataset.id)
        for (const name of filesOf(folder, datasetPart))
          parts.push(await zip.addFile(`dataset/${name}`, join(folder, name), onBytes))
      }
      const manifest: Manifest = {
        format,
        formatVersion,
        workbench: version,
        packedAt: new Date().toISOString(),
        experiment: { id, name: experiment.name },
        dataset,
        withDataset,
        runs,
        parts,
      }
      await zip.add(manifestName, json(manifest))
      await zip.finish()
    } finally {
      await zip.close()
    }
  })
}

async function packRun(store: Store, home: Home, zip: ZipWriter, id: string, onBytes: (bytes: number) => void): Promise<Part[]> {
  const folder = `runs/${id}`
  const parts = [
    await zip.add(`${folder}/run.json`, json({ run: store.runs.get(id), version: store.runs.versionOf(id) })),
    await zip.add(`${folder}/series.bin`, encode(store.points.series(id, undefined, undefined))),
  ]
  for (const { step } of store.previews.moments(id))
    parts.push(await zip.add(`${folder}/previews/${step}.bin`, encode(store.previews.get(id, step))))
  const checkpoints = join(home.run(id), 'checkpoints')
  for (const name of filesOf(checkpoints, checkpointPart))
    parts.push(await zip.addFile(`${folder}/checkpoints/${name}`, join(checkpoints, name), onBytes))
  return parts
}
