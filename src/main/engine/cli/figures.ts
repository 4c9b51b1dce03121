import { formatFigure, withSign } from '../../../shared/figures.ts'
import { inSentence } from '../../../shared/words.ts'
import { metrics, type NumberKey } from '../figures/index.ts'

/** What a figure is called above a column and within a line. */
export const figureName = (key: NumberKey): string => inSentence(metrics[key].title)

/** A figure as it stands in a table; empty where there is none. */
export function figureText(key: NumberKey, of: { [Key in NumberKey]?: number | null } | null | undefined): string {
  const value = of?.[key]
  return value === null || value === undefined ? '' : withSign(formatFigure(value, metrics[key]), metrics[key].unit)
}
