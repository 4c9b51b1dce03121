import type { MapClass } from '../../charts/mapScene.ts'
import { runVariable } from '../../colours.ts'

/** Colours of classes: eight hues, then the same as rings. */
export function mapClasses(labels: Iterable<number>, names: readonly string[]): MapClass[] {
  return [...new Set(labels)].sort((a, b) => a - b).map((label) => ({
    label, title: label < 0 ? 'no class' : names[label] ?? String(label), colour: label < 0 ? 'var(--ink-2)' : runVariable(label), hollow: label >= 0 && Math.floor(label / 8) % 2 === 1,
  }))
}
