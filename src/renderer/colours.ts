/** A run has one colour everywhere: its index picks one of eight hues; after eight the same hues come back dashed. */

const hues = 8
const dashes: number[][] = [[], [6, 3], [2, 3], [8, 3, 2, 3]]

/** For stylesheets: `var(--run-3)`. */
export const runVariable = (index: number): string => `var(--run-${((index % hues) + hues) % hues})`

/** Line dashes in pixels; empty for a solid line. */
export const runDash = (index: number): number[] => dashes[Math.floor(Math.max(0, index) / hues) % dashes.length] ?? []

const known = ['loss', 'reconstruction', 'weightDecay', 'contraction', 'sparsity', 'kl']

/** The colour of a term of the objective, in its formula and its curve. */
export const termVariable = (term: string): string => `var(--term-${known.includes(term) ? term : 'loss'})`
