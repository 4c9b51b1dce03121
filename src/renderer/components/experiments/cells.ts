import type { Cell } from '../../../shared/experiments.ts'
import { columnsOf, isOf, layersOfCell, partsOf } from '../../../shared/ownedKeys.ts'
import { sentence } from '../../terms.ts'
import { textOfValues } from './settingValues.ts'

/** A cell's title; without the swept values, where these stand beside it. */
export const nameOf = ({ title, name }: Pick<Cell, 'title' | 'name'>, withoutValues: boolean): string =>
  withoutValues ? (name ?? title) : title

type Swept = Pick<Cell, 'values' | 'variant' | 'settings'>
const owner = (cell: Swept) => ({ variant: cell.variant, layers: layersOfCell(cell) })

/** A cell's value of a column of what is swept, as it is read; empty where it has none. */
export function sweptText(cell: Swept, key: string): string {
  const { plain } = partsOf(key)
  return plain in cell.values && isOf(key, owner(cell)) ? textOfValues(cell.values[plain]) : ''
}

/**
 * Keys of what is swept and tells cells apart, with its variant where several have a setting of that name; a setting that all
 * that have it share is not among them.
 */
export function sweptKeys(cells: readonly Swept[]): string[] {
  return columnsOf(cells.map((cell) => ({ keys: Object.keys(cell.values), ...owner(cell) }))).filter(
    (key) => new Set(cells.map((cell) => sweptText(cell, key)).filter((text) => text !== '')).size > 1,
  )
}

/** More columns than this cannot be read beside the results: names say the values instead. */
const mostColumns = 4

/** What is swept as columns with their titles, so that a cell's name need not repeat it; none where they would be too many. */
export function sweptColumns(cells: readonly Swept[], variantTitle: (id: string) => string): { key: string; title: string }[] {
  const keys = sweptKeys(cells)
  if (keys.length > mostColumns) return []
  const titles = keys.map((key) => {
    const { plain, owner } = partsOf(key)
    return owner === null ? sentence(plain) : `${variantTitle(owner)}: ${sentence(plain).toLowerCase()}`
  })
  return keys.map((key, index) => {
    const title = titles[index]!
    const unique = titles.indexOf(title) === titles.lastIndexOf(title)
    return { key, title: unique ? title : `${sentence(key.split('.')[0]!)}: ${title.toLowerCase()}` }
  })
}
