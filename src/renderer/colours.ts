/** A run has one colour everywhere: its index picks one of eight hues; after eight the same hues come back dashed. */

const hues = 8
const dashes: number[][] = [[], [6, 3], [2, 3], [8, 3, 2, 3]]

/** For stylesheets: `var(--run-3)`. */
export const runVariable = (index: number): string => `var(--run-${((index % hues) + hues) % hues})`

/** For charts, which need the value itself: `#56b4e9`. Read again when the theme changes. */
export const runColour = (index: number): string => read(`--run-${((index % hues) + hues) % hues}`)

/** Line dashes in pixels; empty for a solid line. */
export const runDash = (index: number): number[] => dashes[Math.floor(Math.max(0, index) / hues) % dashes.length] ?? []

const known = ['loss', 'reconstruction', 'weightDecay', 'contraction', 'sparsity', 'kl']

/** The colour of a term of the objective, in its formula and its curve. */
export const termVariable = (term: string): string => `var(--term-${known.includes(term) ? term : 'loss'})`
export const termColour = (term: string): string => read(`--term-${known.includes(term) ? term : 'loss'}`)

/** A design token's present value, e.g. `--line`. */
export const read = (token: string): string => getComputedStyle(document.documentElement).getPropertyValue(token).trim()
