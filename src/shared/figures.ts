import { z } from 'zod'
import { absent, formatDecimals, formatQuantity } from './quantities.ts'

/**
 * Figures: the numbers of an evaluation, as they are read. What each is called, means and is read by stands once, in
 * `engine/figures/`; here is what travels of that, and how a figure's number is written.
 */

export const betters = ['lower', 'higher', 'neither'] as const
export type Better = (typeof betters)[number]

/** Under what heads figures stand, in this order. */
export const figureSections = {
  evaluation: 'Evaluation on the test samples',
  noise: 'Squared error with noise at the input',
  encoder: 'Properties of the encoder',
} as const
export type FigureSection = keyof typeof figureSections
export const sectionNames = Object.keys(figureSections) as FigureSection[]

/** Units: by what stored numbers are multiplied, decimals (null: as many as the size asks for), and what follows a number in a sentence. */
const units = {
  '': { scale: 1, digits: null, after: '', difference: '' },
  'per sample': { scale: 1, digits: null, after: '', difference: '' },
  'nats per sample': { scale: 1, digits: null, after: ' nats', difference: ' nats' },
  dB: { scale: 1, digits: 1, after: ' dB', difference: ' dB' },
  '%': { scale: 100, digits: 1, after: '%', difference: ' points' },
} as const
export type FigureUnit = keyof typeof units
const unitOf = (unit: string) => units[unit in units ? (unit as FigureUnit) : '']

/** How a figure's number is written. */
export interface FigureFormat {
  unit: string
  /** Decimals in the unit, where they are not the unit's own. */
  digits?: number | null | undefined
}

/** Shares of 1 are stored as such and written in per cent. */
export const scaleOf = ({ unit }: Pick<FigureFormat, 'unit'>): number => unitOf(unit).scale

/** Decimals of a figure in its unit; null for as many as its size asks for. */
export const digitsOf = ({ unit, digits }: FigureFormat): number | null => digits ?? unitOf(unit).digits

/** A figure in its unit, which is not said. */
export function formatFigure(value: number | null | undefined, format: FigureFormat): string {
  const digits = digitsOf(format)
  if (value === null || value === undefined || digits === null) return formatQuantity(value)
  return formatDecimals(value * scaleOf(format), digits)
}

/** A figure in its unit with all its digits, as programs read it. Shares get none that come of the multiplication by a hundred. */
export function figureInFull(value: number, { unit }: Pick<FigureFormat, 'unit'>): string {
  const scale = scaleOf({ unit })
  return String(scale === 1 ? value : Number((value * scale).toPrecision(15)))
}

/**
 * Numbers in a figure's unit with all their digits, half of an interval behind its mean; of how many it is a count as the text
 * has it. A dash where one is missing.
 */
export const textInFull = (values: readonly (number | null)[], unit: string, text: string): string =>
  values.includes(null)
    ? absent
    : values.map((value) => figureInFull(value!, { unit })).join(' ± ') + (/ of .*$/.exec(text)?.[0] ?? '')

/** The same of a group's figure. */
export const estimateInFull = (
  { mean, half, halfText, text }: { mean: number | null; half: number | null; halfText: string; text: string },
  unit: string,
): string => textInFull([mean, ...(halfText === '' ? [] : [half])], unit, text)

/** With the sign of per cent, which every number carries where the unit does not stand above it. */
export const withSign = (text: string, unit: string): string => (unit === '%' ? `${text}%` : text)

/** A figure with its unit as it stands in a sentence: `93.0%`, `21.4 dB`. */
export const withUnit = (text: string, unit: string): string => `${text}${unitOf(unit).after}`

/** A difference with its unit as it stands in a sentence: `1.2 points`, `1 point`. */
export const differenceWithUnit = (text: string, unit: string): string => {
  const word = unitOf(unit).difference
  return `${text}${/^−?1$/.test(text) && word.endsWith('s') ? word.slice(0, -1) : word}`
}

/** In what a difference of two figures is measured. */
export const differenceUnit = (unit: string): string => (unit === '%' ? 'points' : unit)

/** What a figure is called, wherever it stands. */
export const figureHead = {
  key: z.string(),
  title: z.string(),
  unit: z.string(),
  better: z.enum(betters),
  section: z.enum(sectionNames),
  /** What it measures, in a sentence or two. */
  explanation: z.string(),
}

/** Everything that a window has to know of a figure to show one. */
export const figureInfoSchema = z.object({
  ...figureHead,
  /** Where there is little room. */
  short: z.string(),
  digits: z.int().nullable(),
})
export type FigureInfo = z.infer<typeof figureInfoSchema>

/** A figure of one run, as it is read. */
export const runFigureSchema = z.object({
  ...figureHead,
  text: z.string(),
  /** Where it stands in a table of its section, if that is one. */
  place: z.object({ row: z.string(), column: z.string() }).nullable(),
})
export type RunFigure = z.infer<typeof runFigureSchema>
