/** What is followed for each unit of a layer: its values by moment, every unit's at the same moments. */
export interface UnitValues {
  unit: number
  values: Float64Array
}

/** Units by their last value, the largest first; those without one last. */
export const byLastValue = (rows: readonly UnitValues[]): UnitValues[] => {
  const last = ({ values }: UnitValues) => {
    const value = values.at(-1)
    return value === undefined || Number.isNaN(value) ? -Infinity : value
  }
  return [...rows].sort((a, b) => (last(b) === last(a) ? a.unit - b.unit : last(b) - last(a)))
}

/** Greatest finite value, at least the smallest number above 0, so that shares of it are finite. */
export function greatest(rows: readonly UnitValues[]): number {
  let most = Number.MIN_VALUE
  for (const { values } of rows) for (const value of values) if (Number.isFinite(value) && value > most) most = value
  return most
}

/**
 * Pixels [rows, columns] in RGBA: from the paper's colour at 0 and below to the ink's at `most`; what has no value is clear.
 * @param paper @param ink red, green and blue, 0 to 255
 */
export function unitPixels(
  rows: readonly UnitValues[],
  columns: number,
  most: number,
  paper: readonly number[],
  ink: readonly number[],
): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(rows.length * columns * 4)
  rows.forEach(({ values }, row) => {
    for (let column = 0; column < columns; column++) {
      const value = values[column]
      if (value === undefined || Number.isNaN(value)) continue
      const share = Math.min(1, Math.max(0, value / most))
      const at = 4 * (row * columns + column)
      for (let channel = 0; channel < 3; channel++)
        pixels[at + channel] = paper[channel]! + share * (ink[channel]! - paper[channel]!)
      pixels[at + 3] = 255
    }
  })
  return pixels
}
