/** Rows in the order that a table's head asks for; numbers by size, words as people sort them, what is missing last. */
export function sorted<T>(
  rows: readonly T[],
  sort: { key: string; descending: boolean } | null,
  value: (row: T, key: string) => string | number | null,
): T[] {
  if (sort === null) return [...rows]
  const { key, descending } = sort
  return [...rows].sort((a, b) => {
    const [x, y] = [value(a, key), value(b, key)]
    if (x === null || y === null) return Number(x === null) - Number(y === null)
    return (
      (descending ? -1 : 1) *
      (typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y), undefined, { numeric: true }))
    )
  })
}
