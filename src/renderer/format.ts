/** Numbers, times and sizes as they are read on screen. Nothing is computed here but their texts. */

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** `60000` as `60,000`. */
export const count = (value: number): string => grouped.format(value)

import { counted } from '../shared/words.ts'

export { formatPercent as percent, formatSignificant as figure } from '../shared/quantities.ts'
export { counted }

/** How many images or rows of a dataset: `60,000 images`. */
export const samples = (kind: 'image' | 'vector', many: number): string => counted(many, kind === 'image' ? 'image' : 'row')

/** A dataset in a line: `60,000 images, 28 × 28, 10 classes`. `unlabelled`: what is said where it has no classes. */
export const datasetFacts = (
  of: { kind: 'image' | 'vector'; count: number; classes: readonly unknown[] } & Parameters<typeof size>[0],
  unlabelled?: string,
): string =>
  [
    samples(of.kind, of.count),
    size(of),
    ...(of.classes.length > 0 ? [counted(of.classes.length, 'class', 'classes')] : unlabelled ? [unlabelled] : []),
  ].join(', ')

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
export function bytes(value: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toPrecision(2)} ${units[unit]}`
}

/** `9.3/s`, `1,420/s`. */
export const rate = (perSecond: number | null | undefined): string =>
  perSecond === null || perSecond === undefined ? '' : perSecond < 10 ? perSecond.toPrecision(2) : count(perSecond)

/** `just now`, `12 min ago`, `today 14:05`, `3 Mar`, `3 Mar 2025`. */
export function when(iso: string | null, now = Date.now()): string {
  if (!iso) return '–'
  const date = new Date(iso)
  const ago = (now - date.getTime()) / 1000
  if (ago < 60) return 'just now'
  if (ago < 3600) return `${Math.floor(ago / 60)} min ago`
  const time = date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
  const today = new Date(now)
  if (date.toDateString() === today.toDateString()) return `today ${time}`
  const sameYear = date.getFullYear() === today.getFullYear()
  const day = date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', ...(sameYear ? {} : { year: 'numeric' }) })
  return sameYear ? `${day} ${time}` : day
}

/** The moment in full, for a title. */
export const moment = (iso: string | null): string => (iso ? new Date(iso).toLocaleString('en-GB') : '')

/** The beginning of a fingerprint or an id, as many characters as people compare. */
export const short = (id: string): string => id.slice(0, 8)

/** `28 × 28`, `64 × 64 × 3`, `2 values`. */
export const size = (of: { kind: 'image' | 'vector'; width: number; height: number; channels: number }): string =>
  of.kind === 'vector'
    ? counted(of.width, 'value')
    : `${of.width}\u00a0×\u00a0${of.height}${of.channels > 1 ? `\u00a0×\u00a0${of.channels}` : ''}`
