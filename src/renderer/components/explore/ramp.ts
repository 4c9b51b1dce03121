/**
 * From short to long, in two orders: on paper the long ones are dark, in the dark they are light. Lightness alone orders them,
 * for eyes of every kind.
 */
const light = [
  [150, 178, 206],
  [92, 134, 190],
  [74, 84, 170],
  [92, 38, 120],
  [96, 10, 60],
] as const
const dark = [
  [62, 80, 118],
  [72, 116, 168],
  [92, 164, 178],
  [178, 204, 122],
  [255, 236, 128],
] as const

/** The colour of a share from 0 to 1. */
export function rampColour(share: number, onDark: boolean): string {
  const stops = onDark ? dark : light
  const at = Math.max(0, Math.min(1, Number.isFinite(share) ? share : 0)) * (stops.length - 1),
    from = Math.min(stops.length - 2, Math.floor(at))
  const mixed = [0, 1, 2].map((channel) =>
    Math.round(stops[from]![channel]! + (at - from) * (stops[from + 1]![channel]! - stops[from]![channel]!)),
  )
  return `rgb(${mixed.join(' ')})`
}

/** Whether a paper colour, as the browser writes it, is a dark one. */
export const isDark = (paper: string): boolean =>
  (paper.match(/\d+(\.\d+)?/g) ?? ['255', '255', '255']).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) < 384

/** A CSS gradient of the whole ramp. */
export const rampGradient = (onDark: boolean): string =>
  `linear-gradient(to right, ${[0, 0.25, 0.5, 0.75, 1].map((share) => rampColour(share, onDark)).join(', ')})`
