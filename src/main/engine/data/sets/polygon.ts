/** Corners [x, y] of a convex polygon, one after the other. */
export type Polygon = readonly (readonly [number, number])[]

/**
 * What of a polygon lies on one side of a line along an axis: where `side` times (coordinate - at) is not negative (Sutherland and
 * Hodgman, "Reentrant polygon clipping", 1974).
 */
export function clip(polygon: Polygon, axis: 0 | 1, at: number, side: 1 | -1): Polygon {
  const kept: [number, number][] = []
  let from = polygon.at(-1)
  for (const to of polygon) {
    const before = side * (from![axis] - at),
      after = side * (to[axis] - at)
    if (before < 0 !== after < 0) {
      const share = before / (before - after)
      kept.push([from![0] + share * (to[0] - from![0]), from![1] + share * (to[1] - from![1])])
    }
    if (after >= 0) kept.push([to[0], to[1]])
    from = to
  }
  return kept
}

/** The area of a polygon, by the shoelace formula. */
export function areaOf(polygon: Polygon): number {
  let sum = 0,
    from = polygon.at(-1)
  for (const to of polygon) {
    sum += from![0] * to[1] - to[0] * from![1]
    from = to
  }
  return Math.abs(sum) / 2
}
