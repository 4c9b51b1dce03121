/** Numbers, times and sizes as they are read on screen. Nothing is computed here but their texts. */

import { counted, thousands } from '../shared/words.ts'

export { bytes, duration, rate } from '../shared/amounts.ts'
export { formatPercent as percent, formatSignificant as figure } from '../shared/quantities.ts'
export { counted }

/** `60000` as `60,000`. */
export const count = (value: number): string => thousands(Math.round(value))

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
