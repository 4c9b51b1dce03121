/** Units that were set by hand, in deviations from -3 to 3: `4:1.2,17:-3`. */
export function readSliders(text: string | undefined, most = 3): Map<number, number> {
  const set = new Map<number, number>()
  for (const part of (text ?? '').split(',')) {
    const [unit, value] = part.split(':')
    if (
      unit === undefined ||
      value === undefined ||
      !/^\d{1,6}$/.test(unit) ||
      value.trim() === '' ||
      !Number.isFinite(Number(value))
    )
      continue
    set.set(Number(unit), Math.min(most, Math.max(-most, Number(value))))
  }
  return set
}

export const writeSliders = (set: ReadonlyMap<number, number>): string | null =>
  set.size === 0
    ? null
    : [...set]
        .sort(([a], [b]) => a - b)
        .map(([unit, value]) => `${unit}:${Number(value.toFixed(2))}`)
        .join(',')

/** A slider's place for a unit's value: -range at `low`, range at `high`. */
export const placeOf = (value: number, low: number, high: number, range = 3): number =>
  high > low ? ((value - low) / (high - low)) * 2 * range - range : 0
/** The unit's value at a slider's place. */
export const valueAt = (place: number, low: number, high: number, range = 3): number =>
  low + ((place + range) / (2 * range)) * (high - low)
