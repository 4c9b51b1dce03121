import { WorkbenchError } from '../../../shared/errors.ts'

/**
 * The order in which `ids`, in their own order, stand before `before` (null: at the end), all else as it was.
 * Error: RUN_STATE where one of them does not wait.
 */
export function moved(waiting: readonly string[], ids: readonly string[], before: string | null): string[] {
  const known = new Set(waiting)
  for (const id of before === null ? ids : [...ids, before]) {
    if (!known.has(id))
      throw new WorkbenchError(
        'RUN_STATE',
        `The run ${id} does not wait in the queue, so it has no place there; it may have started meanwhile.`,
        { field: 'runs' },
      )
  }
  const moving = new Set(ids)
  const rest = waiting.filter((id) => !moving.has(id))
  // Before one that moves itself: where that one was.
  const at =
    before === null
      ? rest.length
      : moving.has(before)
        ? waiting.slice(0, waiting.indexOf(before)).filter((id) => !moving.has(id)).length
        : rest.indexOf(before)
  return [...rest.slice(0, at), ...moving, ...rest.slice(at)]
}
