import type { Series } from '../../../shared/domain.ts'
import type { Database } from './database.ts'

/** One value of one series at one step, as a worker reports it. */
export interface PointRow {
  key: string
  step: number
  epoch: number
  seconds: number
  value: number
}

interface Row {
  series: string
  step: number
  epoch: number
  seconds: number
  value: number | null
}

/** Rows of the table `points`. NaN and infinities have no place in SQLite: they are kept as NULL and come back as NaN. */
export function pointStore(database: Database) {
  const insert = database.prepare<[string, string, number, number, number, number | null]>(
    'INSERT OR REPLACE INTO points (run, series, step, epoch, seconds, value) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const after = database.prepare<[string, number], Row>(
    'SELECT series, step, epoch, seconds, value FROM points WHERE run = ? AND step > ? ORDER BY series, step',
  )
  const one = database
    .prepare<[string, string, number], [number, number, number, number | null]>(
      'SELECT step, epoch, seconds, value FROM points WHERE run = ? AND series = ? AND step > ? ORDER BY step',
    )
    .raw()
  const truncate = database.prepare<[string, number]>('DELETE FROM points WHERE run = ? AND step > ?')
  const latest = database.prepare<[string], { series: string; value: number | null }>(
    'SELECT series, value, max(step) FROM points WHERE run = ? GROUP BY series',
  )

  /** One series; of 100 runs with 10,000 points each it takes a quarter of a second in all. */
  const read = (run: string, key: string, afterStep: number): Series => {
    const rows = one.all(run, key, afterStep)
    const [step, epoch, seconds, value] = [
      new Float64Array(rows.length),
      new Float64Array(rows.length),
      new Float64Array(rows.length),
      new Float64Array(rows.length),
    ]
    rows.forEach((row, index) => {
      step[index] = row[0]
      epoch[index] = row[1]
      seconds[index] = row[2]
      value[index] = row[3] ?? Number.NaN
    })
    return { key, step, epoch, seconds, value }
  }

  return {
    /** The caller holds the transaction. */
    insert(run: string, points: readonly PointRow[]): void {
      for (const point of points) {
        insert.run(run, point.key, point.step, point.epoch, point.seconds, Number.isFinite(point.value) ? point.value : null)
      }
    },
    /** Series in columns, steps ascending. `keys`: only these; `afterStep`: only later points. */
    series(run: string, keys: readonly string[] | undefined, afterStep: number | undefined): Series[] {
      if (keys !== undefined)
        return [...new Set(keys)].map((key) => read(run, key, afterStep ?? -1)).filter(({ step }) => step.length > 0)
      const groups = new Map<string, Row[]>()
      for (const row of after.all(run, afterStep ?? -1)) {
        const group = groups.get(row.series)
        if (group === undefined) groups.set(row.series, [row])
        else group.push(row)
      }
      return [...groups].map(([key, rows]) => ({
        key,
        step: Float64Array.from(rows, (row) => row.step),
        epoch: Float64Array.from(rows, (row) => row.epoch),
        seconds: Float64Array.from(rows, (row) => row.seconds),
        value: Float64Array.from(rows, (row) => row.value ?? Number.NaN),
      }))
    },
    truncate: (run: string, step: number): void => void truncate.run(run, step),
    latest: (run: string): Record<string, number | null> =>
      Object.fromEntries(latest.all(run).map((row) => [row.series, row.value])),
  }
}
export type PointStore = ReturnType<typeof pointStore>
