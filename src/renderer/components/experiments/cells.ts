import type { Cell } from '../../../shared/experiments.ts'
import { textOfValues } from './values.ts'

/** A cell's title; without the swept values, where these stand beside it. */
export const nameOf = ({ title, name }: Pick<Cell, 'title' | 'name'>, withoutValues: boolean): string => (withoutValues ? name ?? title : title)

/** Keys of what is swept and tells cells apart; a setting that all that have it share is not among them. */
export function sweptKeys(cells: readonly Pick<Cell, 'values'>[]): string[] {
  const found = new Map<string, Set<string>>()
  for (const { values } of cells) for (const [key, value] of Object.entries(values)) found.set(key, (found.get(key) ?? new Set()).add(textOfValues(value)))
  return [...found].filter(([, texts]) => texts.size > 1).map(([key]) => key)
}
