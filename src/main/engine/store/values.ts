import type { Database } from './database.ts'
import { said } from './lenient.ts'

/** Small values by name, as JSON. `preferences`: what the user chose; `timings`: how long steps take, by what they depend on. */
export function valueStore(database: Database, table: 'preferences' | 'timings') {
  const one = database.prepare<[string], { value: string }>(`SELECT value FROM ${table} WHERE key = ?`)
  const put = database.prepare<[string, string, string]>(`INSERT OR REPLACE INTO ${table} (key, value, storedAt) VALUES (?, ?, ?)`)
  return {
    /** Null where there is none, or where it is no JSON. */
    get(key: string): unknown {
      const row = one.get(key)
      return row === undefined ? null : said(row.value)
    },
    set: (key: string, value: unknown): void => void put.run(key, JSON.stringify(value), new Date().toISOString()),
  }
}
export type ValueStore = ReturnType<typeof valueStore>
