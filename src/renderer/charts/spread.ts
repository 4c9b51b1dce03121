/**
 * Positions for labels of one height that want to be at `wanted` without overlapping, inside [top, bottom]: pushed down in
 * order, then back up from the floor. Returns positions in the order given.
 */
export function spread(wanted: readonly number[], height: number, top: number, bottom: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]!)
  const placed = [...wanted]
  let edge = top
  for (const i of order) {
    placed[i] = Math.max(placed[i]!, edge)
    edge = placed[i]! + height
  }
  edge = bottom
  for (const i of order.reverse()) {
    placed[i] = Math.min(placed[i]!, edge - height)
    edge = placed[i]!
  }
  return placed
}
