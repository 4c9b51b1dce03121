import type { Cell } from '../../../shared/experiments.ts'

/** A cell's title; without the swept values at its end, where these stand beside it. */
export function nameOf({ title, values }: Pick<Cell, 'title' | 'values'>, withoutValues: boolean): string {
  const parts = title.split(', ')
  const own = parts.slice(0, parts.length - Object.keys(values).length)
  return withoutValues && own.length > 0 ? own.join(', ') : title
}
