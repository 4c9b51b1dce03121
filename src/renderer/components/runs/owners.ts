import { currentKeys } from '../../../shared/ownedKeys.ts'
import type { TableView } from '../../../shared/runTable.ts'

/**
 * A way to look at the table that was kept before several variants had a setting of one name, with the columns that there are
 * now: each variant's has its own; rows are sorted, filtered and grouped by that of the first.
 */
export function withOwners(view: TableView, known: readonly string[]): TableView {
  const first = (key: string): string => currentKeys(key, known)[0]!
  const columns = view.columns.flatMap(({ key, width }) => currentKeys(key, known).map((now) => ({ key: now, width })))
  return {
    ...view,
    columns: columns.filter(({ key }, index) => columns.findIndex((other) => other.key === key) === index),
    sort: view.sort && { ...view.sort, key: first(view.sort.key) },
    filters: view.filters.map((filter) => ({ ...filter, key: first(filter.key) })),
    group: view.group === null ? null : first(view.group),
  }
}
