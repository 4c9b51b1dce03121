import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { homeAt } from '../../src/main/engine/home.ts'
import { checkDatabase } from '../../src/main/engine/store/database.ts'
import { openStore } from '../../src/main/engine/store/store.ts'

/**
 * Of a home whose engine has ended: its database is sound, every folder belongs to a row, every row has what it needs, nothing
 * is half-written.
 */
export function requireWhole(folder: string): void {
  const home = homeAt(folder)
  assert.deepEqual(checkDatabase(home.database), { state: 'sound' })
  const store = openStore(home.database)
  try {
    const rows = (items: readonly { id: string }[]) => items.map(({ id }) => id)
    const kept = (name: string) => (existsSync(join(folder, name)) ? readdirSync(join(folder, name)) : [])
    const strangers = (name: string, known: readonly string[]) => kept(name).filter((id) => !known.includes(id))
    const runs = rows(store.runs.list()),
      removed = rows(store.runs.removed()),
      datasets = rows(store.datasets.list())
    assert.deepEqual(strangers('runs', [...runs, ...removed]), [], 'folders of runs that nobody owns')
    assert.deepEqual(strangers('trash', removed), [], 'removed files that nobody can restore')
    assert.deepEqual(strangers('datasets', datasets), [], 'folders of datasets that nobody owns')
    assert.deepEqual(strangers('embeddings', rows(store.embeddings.list())), [], 'codes that nobody owns')
    assert.deepEqual(
      datasets.filter((id) => !existsSync(join(home.dataset(id), 'pixels.bin'))),
      [],
      'datasets without their images',
    )
    const partial = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(partial|tmp)$/.test(name))
    assert.deepEqual(partial, [], 'half-written files')
  } finally {
    store.close()
  }
}
