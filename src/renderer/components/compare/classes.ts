import type { MapClass } from '../../charts/mapScene.ts'
import { classKey } from '../../colours.ts'

/** The classes of some rows as a map draws them. */
export const mapClasses = (labels: Iterable<number>, names: readonly string[]): MapClass[] =>
  classKey(names, labels).map(({ id, label: title, ...mark }) => ({ label: Number(id), title, ...mark }))
