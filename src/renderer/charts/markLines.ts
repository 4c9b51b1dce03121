import type { Mark } from './curve.ts'
import { placeMarks } from './placeMarks.ts'
import { fontSize, shortened, type Area, type Measure, type Shape } from './scene.ts'

/** Height above the plot in which marks have their names. */
export const markRoom = 18
/** Narrower names than this say nothing. */
const least = 24

/** Thin vertical lines where something begins, with their names above the plot. */
export function markLines(
  marks: readonly Mark[],
  pixelOf: (x: number) => number,
  area: Area,
  measure: Measure,
  colour: string,
): Shape[] {
  return placeMarks(marks, pixelOf, area.left, area.right).flatMap(({ label, at, left, room, line }): Shape[] => {
    const pixel = Math.round(at) + 0.5
    return [
      ...(line
        ? [{ kind: 'line' as const, points: [pixel, area.top - markRoom + 4, pixel, area.bottom], colour, width: 1, opacity: 0.45 }]
        : []),
      ...(room >= least
        ? [
            {
              kind: 'text' as const,
              x: left,
              y: area.top - markRoom / 2 + 1,
              text: shortened(label, room, measure),
              colour,
              align: 'left' as const,
              size: fontSize,
            },
          ]
        : []),
    ]
  })
}
