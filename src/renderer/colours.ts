/** A run has one colour everywhere: its index picks one of eight hues; after eight the same hues come back dashed. */

const hues = 8
const classHues = 10
const dashes: number[][] = [[], [6, 3], [2, 3], [8, 3, 2, 3]]

/** For stylesheets: `var(--run-3)`. */
export const runVariable = (index: number): string => `var(--run-${((index % hues) + hues) % hues})`

/** Line dashes in pixels; empty for a solid line. */
export const runDash = (index: number): number[] => dashes[Math.floor(Math.max(0, index) / hues) % dashes.length] ?? []

/**
 * How the rows of a class are drawn, other than any run: in one of ten colours, dots and squares in turn; then the same ones
 * hollow.
 */
export interface ClassMark {
  colour: string
  hollow: boolean
  square: boolean
}

/** Of a class by its index; below 0 there is none. */
export const classMark = (label: number): ClassMark =>
  label < 0
    ? { colour: 'var(--ink-2)', hollow: false, square: false }
    : { colour: `var(--class-${label % classHues})`, hollow: label % (2 * classHues) >= classHues, square: label % 2 === 1 }

/** For the key beside dots: each class that there is, by its name. */
export const classKey = (names: readonly string[], labels: Iterable<number>): (ClassMark & { id: string; label: string })[] =>
  [...new Set(labels)]
    .sort((a, b) => a - b)
    .map((label) => ({ id: String(label), label: label < 0 ? 'no class' : (names[label] ?? String(label)), ...classMark(label) }))

const known = ['loss', 'reconstruction', 'weightDecay', 'contraction', 'sparsity', 'kl']

/** The colour of a term of the objective, in its formula and its curve. */
export const termVariable = (term: string): string => `var(--term-${known.includes(term) ? term : 'loss'})`
