import { bytes as size } from '../../shared/amounts.ts'
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Recovered } from '../../shared/experiments.ts'
import { counted } from '../../shared/words.ts'
import { claimed, discardedEnding, kept, moveFolder, unclaim, type Kept } from './claims.ts'
import { isOfRunning } from './export/leftovers.ts'
import { sweepTargets } from './export/targetNotes.ts'
import { folderBytes } from './folderBytes.ts'
import type { Home } from './home.ts'
import type { Log } from './log.ts'
import { makerOfTrial } from './files/disk.ts'
import type { Store } from './store/store.ts'

/** What a kill left half done, finished or taken back at the next start. Only the holder of the home's lock may do this. */

const partialEnding = '.partial'
const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : [])

/** Whether there is a row for what a folder holds; of the trash: a run that was removed. */
const hasRow = (store: Store, kind: Kept, id: string): boolean => {
  if (kind === 'datasets') return store.datasets.find(id)?.id === id
  if (kind === 'embeddings') return store.embeddings.has(id)
  return store.runs.isStored(id)
}

/**
 * Removes folders that never got a row or have lost it for good, and gives back those whose rows were kept after all; removed
 * runs have their files in the trash, others have not. What has no row for another reason is left as it is.
 */
function tidyFolders(home: Home, store: Store): Recovered {
  const recovered: Recovered = { folders: 0, files: 0, bytes: 0 }
  const remove = (folder: string): void => {
    recovered.folders += 1
    recovered.bytes += folderBytes(folder)
    rmSync(folder, { recursive: true, force: true })
  }
  for (const kind of kept) {
    const folder = join(home.folder, kind)
    for (const name of namesIn(folder)) {
      if (name.endsWith(partialEnding)) remove(join(folder, name))
      if (!name.endsWith(discardedEnding)) continue
      const id = name.slice(0, -discardedEnding.length)
      if (hasRow(store, kind, id) && !existsSync(join(folder, id))) renameSync(join(folder, name), join(folder, id))
      else remove(join(folder, name))
    }
  }
  for (const one of claimed(home)) {
    const folder = join(home.folder, one.kind, one.id)
    if (one.kind !== 'experiments' && existsSync(folder) && !hasRow(store, one.kind, one.id)) remove(folder)
    unclaim(home, one)
  }
  const hasWeights = (folder: string) => existsSync(join(folder, 'checkpoints'))
  for (const { id } of store.runs.removed()) {
    const [from, to] = [home.run(id), home.trash(id)]
    if (!existsSync(from)) continue
    // Of two folders the one with weights is the run; where both have some, neither is touched.
    if (!existsSync(to) || !hasWeights(to)) moveFolder(from, to)
    else if (!hasWeights(from)) remove(from)
  }
  for (const id of namesIn(join(home.folder, 'trash')))
    if (store.runs.has(id) && !existsSync(home.run(id))) moveFolder(home.trash(id), home.run(id))
  return recovered
}

/** Checkpoints, and records for a recovery, that were being written when their process was killed. */
async function sweepFiles(home: Home): Promise<{ files: number; bytes: number }> {
  const swept = { files: 0, bytes: 0 }
  const remove = async (file: string): Promise<void> => {
    const bytes = await stat(file).then(
      ({ size }) => size,
      () => 0,
    )
    await rm(file, { force: true }).then(
      () => {
        swept.files += 1
        swept.bytes += bytes
      },
      () => {},
    )
  }
  // What tried the folder for temporary files out, and was killed at it.
  for (const name of await readdir(tmpdir()).catch(() => [] as string[])) {
    const pid = makerOfTrial(name),
      file = join(tmpdir(), name)
    if (pid !== null && !(await isOfRunning(file, pid))) await remove(file)
  }
  const runs = join(home.folder, 'runs'),
    datasets = join(home.folder, 'datasets'),
    experiments = join(home.folder, 'experiments')
  // The engine writes a record in one go: none is on its way while this looks.
  const inside = async (folder: string): Promise<string[]> => (await readdir(folder).catch(() => [])).map((id) => join(folder, id))
  for (const folder of [
    experiments,
    ...(await inside(datasets)),
    ...(await inside(join(home.folder, 'embeddings'))),
    ...(await inside(runs)),
  ]) {
    for (const name of await readdir(folder).catch(() => [] as string[]))
      if (name.endsWith('.json.partial')) await remove(join(folder, name))
  }
  for (const run of await readdir(runs)) {
    const folder = join(runs, run, 'checkpoints')
    for (const name of await readdir(folder).catch(() => [] as string[])) {
      const [, pid] = /\.safetensors\.(\d+)\.partial$/.exec(name) ?? []
      const file = join(folder, name)
      if (pid === undefined || (await isOfRunning(file, Number(pid)))) continue
      await remove(file)
    }
  }
  return swept
}

/** What was tidied away as a sentence; null where there was nothing. */
export function tidied({ folders, files, bytes }: Recovered): string | null {
  const parts = [...(folders > 0 ? [counted(folders, 'folder')] : []), ...(files > 0 ? [counted(files, 'file')] : [])]
  if (parts.length === 0) return null
  return (
    `The workbench was cut off before; ${parts.join(' and ')} (${size(bytes)}) ` +
    `that it left half done ${folders + files === 1 ? 'was' : 'were'} removed.`
  )
}

/** Tidies the folders at once and files in the background. @returns all that was removed, once that is known */
export function tidy(home: Home, store: Store, log: Log): Promise<Recovered> {
  const recovered: Recovered = { folders: 0, files: 0, bytes: 0 }
  try {
    Object.assign(recovered, tidyFolders(home, store))
  } catch (thrown) {
    log('What was left half done cannot be tidied.', thrown)
  }
  return (async () => {
    for (const sweep of [() => sweepTargets(home.folder), () => sweepFiles(home)]) {
      const { files, bytes } = await sweep().catch((thrown: unknown) => {
        log('What was left half done cannot be looked for.', thrown)
        return { files: 0, bytes: 0 }
      })
      recovered.files += files
      recovered.bytes += bytes
    }
    const sentence = tidied(recovered)
    if (sentence !== null) log(sentence)
    return recovered
  })()
}
