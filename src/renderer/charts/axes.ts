import type { XKind } from './curve.ts'

/** What a horizontal axis can count, to choose from. */
export const axisKinds: readonly { value: XKind; title: string }[] = [
  { value: 'step', title: 'Step' },
  { value: 'epoch', title: 'Epoch' },
  { value: 'time', title: 'Time' },
]

/** Title, scale and numbers of a horizontal axis that reaches to `greatest` (steps, epochs or seconds). */
export function horizontal(kind: XKind, greatest: number): { title: string; scale: number; format(x: number): string } {
  if (kind === 'step') return { title: 'Step', scale: 1, format: (x) => grouped(Math.round(x)) }
  if (kind === 'epoch') return { title: 'Epoch', scale: 1, format: (x) => grouped(x, x < 10 ? 2 : 1) }
  if (greatest < 180) return { title: 'Training time (s)', scale: 1, format: (x) => `${grouped(x, x < 10 ? 2 : 1)} s` }
  if (greatest < 10_800) return { title: 'Training time (min)', scale: 1 / 60, format: (x) => `${grouped(x, 1)} min` }
  return { title: 'Training time (h)', scale: 1 / 3600, format: (x) => `${grouped(x, 2)} h` }
}

/** A number for people: grouped thousands, no trailing zeros. */
export const grouped = (value: number, digits = 0): string => value.toLocaleString('en', { maximumFractionDigits: digits })

/** A measured value with four significant digits. */
export function measured(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–'
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
  if (value === 0) return '0'
  const magnitude = Math.abs(value)
  if (magnitude < 1e-3 || magnitude >= 1e6) return value.toExponential(2).replaceAll('-', '−').replace('e+', 'e')
  return value.toLocaleString('en', { minimumSignificantDigits: 4, maximumSignificantDigits: 4 }).replace('-', '−')
}

/** Ticks of a linear vertical axis, without the noise of binary fractions. */
export function linearTick(value: number): string {
  const magnitude = Math.abs(value)
  if (magnitude !== 0 && (magnitude < 1e-4 || magnitude >= 1e6))
    return value.toExponential(1).replace('.0', '').replaceAll('-', '−').replace('e+', 'e')
  return value.toLocaleString('en', { maximumSignificantDigits: 6 }).replace('-', '−')
}
