import { thousands } from './words.ts'

/** Times, sizes and speeds as people read them: in windows, on the command line and in the engine's sentences. */

/** Seconds as a person says them: `8 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return '–'
  if (seconds < 10) return `${seconds.toFixed(seconds < 1 ? 1 : 0)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600)
    return whole % 60 === 0 || whole >= 600 ? `${Math.round(whole / 60)} min` : `${Math.floor(whole / 60)} min ${whole % 60} s`
  const minutes = Math.round(whole / 60)
  if (minutes < 2880) return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  return `${Math.round(minutes / 1440)} days`
}

/** `47 MB`: decimal units, as file managers count. */
export const bytes = (value: number): string => withUnit(value, 2)

/** `47.2 MB`: a size that stands beside another one, which may be nearly as large. */
export const comparedBytes = (value: number): string => withUnit(value, 3)

function withUnit(value: number, digits: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toPrecision(digits)} ${units[unit]}`
}

/** `9.3`, `1,420`: so many each second. */
export const rate = (perSecond: number | null | undefined): string =>
  perSecond === null || perSecond === undefined ? '' : perSecond < 10 ? perSecond.toPrecision(2) : thousands(Math.round(perSecond))
