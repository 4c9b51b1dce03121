import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { skippedSchema, type Skipped } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { files } from '../data/index-file.ts'
import { damageIn, openDataset, readIndex } from '../data/open.ts'
import type { Home } from '../home.ts'
import type { Store } from '../store/store.ts'
import { foldersOf } from './missing.ts'
import { datasetRecord } from './records.ts'

/** Puts back the datasets whose folders are whole and that the store does not have. @returns how many there are now */
export function adoptDatasets(home: Home, store: Store, notes: string[]): number {
  for (const id of foldersOf(home).datasets) {
    if (store.datasets.find(id) !== null) continue
    const folder = home.dataset(id)
    try {
      const problem = problemOf(folder)
      const { version: _, parts: __, contrastLimit: ___, ...dataset } = readIndex(folder)
      const same = store.datasets.findByFingerprint(dataset.sha256)
      if (same !== null) {
        notes.push(`The folder ${folder} holds the same images as the dataset “${same.name}” and was left out.`)
        continue
      }
      const known = datasetRecord(folder)?.name
      const name = freeName(known ?? guessedName(dataset.source, id), store.datasets.isTaken)
      if (known === undefined) {
        notes.push(`The dataset from ${dataset.source} is called “${name}” now: its own name was in the lost database only.`)
      }
      if (problem !== null) {
        notes.push(
          `The dataset “${name}” is damaged (${problem}) and is listed with its runs: ` +
            `“datasets repair ${id}” imports its source again in place of its files.`,
        )
      }
      const skipped = skippedIn(folder)
      store.datasets.insert({ ...dataset, id, name, skippedCount: skipped.length }, skipped)
    } catch (thrown) {
      notes.push(`The dataset in ${folder} is not whole (${(thrown as Error).message}) and was left where it is.`)
      if (!(thrown instanceof WorkbenchError)) throw thrown
    }
  }
  return store.datasets.list().length
}

/** What is wrong with a dataset's files, where its index can be read still; null where nothing is. */
function problemOf(folder: string): string | null {
  try {
    openDataset(folder, { resident: false }).close()
    return null
  } catch (thrown) {
    if (!(thrown instanceof WorkbenchError)) throw thrown
    return damageIn(thrown) ?? thrown.message
  }
}

function skippedIn(folder: string): Skipped[] {
  try {
    return skippedSchema.array().parse(JSON.parse(readFileSync(join(folder, files.skipped), 'utf8')))
  } catch {
    return []
  }
}

/** By what it was imported from, as the form suggests names. */
const guessedName = (source: string, id: string): string =>
  basename(source)
    .replace(/\.npz$/i, '')
    .trim()
    .slice(0, 190) || `dataset ${id}`

/** The name, or with a number where that is taken. */
export function freeName(name: string, isTaken: (name: string) => boolean): string {
  let free = name
  for (let number = 2; isTaken(free); number += 1) free = `${name.slice(0, 190)} (${number})`
  return free
}
