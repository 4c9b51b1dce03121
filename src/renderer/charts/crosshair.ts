import type { horizontal } from './axes.ts'
import { markAt, readAt, snapped, type Curve, type Mark, type XKind } from './curve.ts'
import type { LinePlot } from './lineScene.ts'
import type { Area } from './scene.ts'

/** What a crosshair reads of every curve, and where it stands in pixels. */
export interface Crosshair {
  pixel: number
  heading: string
  /** `top`: height of the curve there in pixels; null where it has none. */
  readings: { curve: Curve; value: number | null; top: number | null }[]
  area: Area
}

const names = { step: 'Step', epoch: 'Epoch', time: 'After' } satisfies Record<XKind, string>

/** The crosshair at the point of any curve that is nearest to `cursor`; null where there is none. `reads`: what its numbers are. */
export function crosshairAt(
  cursor: number,
  curves: readonly Curve[],
  plot: LinePlot,
  {
    kind,
    axis,
    marks,
    reads,
    logarithmic,
  }: { kind: XKind; axis: ReturnType<typeof horizontal>; marks: readonly Mark[]; reads: string; logarithmic: boolean },
): Crosshair | null {
  const x = snapped(curves, cursor, plot.x.from, plot.x.to)
  if (x === null) return null
  const readings = curves.map((curve) => {
    const read = readAt(curve, x)
    const drawn = read && Number.isFinite(read.y) && (!logarithmic || read.y > 0)
    return { curve, value: read?.value ?? null, top: drawn ? plot.y.toPixel(read.y) : null }
  })
  const within = markAt(marks, x)
  const heading = `${names[kind]} ${axis.format(x * axis.scale)}${within ? ` (${within.label})` : ''}${reads ? `, ${reads}` : ''}`
  return { pixel: plot.x.toPixel(x), heading, readings, area: plot.area }
}

/** What it reads, for who hears it. */
export const spoken = ({ heading, readings }: Crosshair): string =>
  `${heading}: ${readings.map(({ curve, value }) => `${curve.label} ${value === null ? 'no value' : value.toPrecision(4)}`).join(', ')}`
