import { drawnOf } from '../../../shared/split.ts'
import { countClasses, divide, gatherUnits, type DrawUnits } from './groups.ts'
import { shuffleInPlace } from './random.ts'

/** How often all units are gone over again, at most, to bring the classes nearer to their shares. */
const mostRounds = 20
/** Of more units, pairs are not tried, */
const mostExchanged = 2000
/** nor where a round over all pairs would look at more classes of units than that: nothing can interrupt it. */
const mostCompared = 5e7

/** A unit: how many rows it has, and how many of them are of each class. */
interface Unit {
  rows: number
  counts: [label: number, count: number][]
}

/**
 * Draws whole units so that each class comes near to `share`, by a local search: one unit for each class, those that few units have
 * first, and then whatever helps, large units before small ones, one at a time or (of not too many) in exchange for another. At least
 * one unit, never all, where there are two or more; a class that several units have is on both sides, unless what other classes need
 * stands in the way. A function of (rows, units, labels, share, source). Both results ascend.
 */
export const drawBalanced: DrawUnits = (rows, units, labels, share, source) => {
  const rowsOfUnits = gatherUnits(rows, units),
    all = rowsOfUnits.map((unitRows): Unit => ({ rows: unitRows.length, counts: [...countClasses(unitRows, labels)] }))
  if (all.length < 2) return { drawn: new Uint32Array(), rest: rows.slice() }
  const draw = new Draw(all, rows.length, share)
  const order = Array.from(shuffleInPlace(Uint32Array.from(all.keys()), source))
  // Sorting keeps the drawn order among equals.
  const bySize = order.toSorted((a, b) => all[b]!.rows - all[a]!.rows)
  draw.takeRareClasses(bySize)
  const compared = all.length * all.reduce((sum, { counts }) => sum + counts.length, 0),
    exchanging = all.length <= mostExchanged && compared <= mostCompared
  for (let round = 0, changed = true; changed && round < mostRounds; round++) {
    changed = false
    for (const unit of bySize) if (draw.improveBy(unit)) changed = true
    if (!changed && exchanging) for (const unit of bySize) if (draw.exchange(unit, bySize)) changed = true
  }
  if (draw.drawnUnits === 0) draw.change(bySize.at(-1)!)
  return divide(rowsOfUnits, (unit) => draw.drawn(unit))
}

/** What is known of a class: how many rows it has and still lacks on the drawn side, and how many units have it on each side. */
interface Class {
  label: number
  rows: number
  missing: number
  units: number
  drawn: number
}

class Draw {
  private readonly units: readonly Unit[]
  private readonly classes = new Map<number, Class>()
  private readonly isDrawn: Uint8Array
  private readonly rows: number
  /** Rows of all classes that are still to be drawn. */
  private missing: number
  drawnUnits = 0

  constructor(units: readonly Unit[], rows: number, share: number) {
    this.units = units
    this.rows = rows
    this.isDrawn = new Uint8Array(units.length)
    this.missing = drawnOf(rows, share)
    for (const { counts } of units) {
      for (const [label, count] of counts) {
        const of = this.classes.get(label) ?? { label, rows: 0, missing: 0, units: 0, drawn: 0 }
        of.rows += count
        of.missing += share * count
        of.units++
        this.classes.set(label, of)
      }
    }
  }

  drawn(unit: number): boolean {
    return this.isDrawn[unit] === 1
  }

  /** Of each class that several units have, one; of what few have first. */
  takeRareClasses(order: readonly number[]): void {
    const unitsOf = new Map<number, number[]>([...this.classes.keys()].map((label) => [label, []]))
    for (const unit of order) for (const [label] of this.units[unit]!.counts) unitsOf.get(label)!.push(unit)
    const byRarity = [...this.classes.values()].toSorted((a, b) => a.units - b.units || a.label - b.label)
    for (const rare of byRarity) {
      if (rare.drawn > 0 || rare.units < 2 || rare.label < 0) continue
      let best = -1,
        least = Infinity
      for (const unit of unitsOf.get(rare.label)!) {
        if (!this.mayChange(unit)) continue
        const change = this.costOf(unit)
        if (change < least) [best, least] = [unit, change]
      }
      if (best >= 0) this.change(best)
    }
  }

  /** Brings a unit to the other side where that brings classes nearer to their shares. @returns whether it did */
  improveBy(unit: number): boolean {
    if (!this.mayChange(unit) || this.costOf(unit) >= -1e-9) return false
    this.change(unit)
    return true
  }

  /** Brings a drawn unit back, and another one in its place, where that helps and no single one does. @returns whether it did */
  exchange(unit: number, order: readonly number[]): boolean {
    if (!this.drawn(unit)) return false
    const back = this.costOf(unit)
    this.change(unit)
    let best = -1,
      least = -back - 1e-9
    for (const other of order) {
      if (other === unit || this.drawn(other) || !this.mayChange(other)) continue
      const cost = this.costOf(other)
      if (cost < least) [best, least] = [other, cost]
    }
    if (best >= 0) {
      this.change(best)
      if (this.coversClassesOf(unit)) return true
      this.change(best)
    }
    this.change(unit)
    return false
  }

  /** Whether each class of a unit that several units have is on both sides. */
  private coversClassesOf(unit: number): boolean {
    return this.units[unit]!.counts.every(([label]) => {
      const { units, drawn } = this.classes.get(label)!
      return label < 0 || units < 2 || (drawn > 0 && drawn < units)
    })
  }

  change(unit: number): void {
    const sign = this.drawn(unit) ? -1 : 1,
      { rows, counts } = this.units[unit]!
    for (const [label, count] of counts) {
      const of = this.classes.get(label)!
      of.missing -= sign * count
      of.drawn += sign
    }
    this.missing -= sign * rows
    this.drawnUnits += sign
    this.isDrawn[unit] = sign > 0 ? 1 : 0
  }

  /** Whether both sides keep a unit, and of each class that several units have one. */
  private mayChange(unit: number): boolean {
    const out = this.drawn(unit)
    if (out ? this.drawnUnits < 2 : this.drawnUnits > this.units.length - 2) return false
    return this.units[unit]!.counts.every(([label]) => {
      const { units, drawn } = this.classes.get(label)!
      return label < 0 || units < 2 || (out ? drawn > 1 : drawn < units - 1)
    })
  }

  /** By how much the deviations from the shares would grow: squares over the size of each class, and of all rows. */
  private costOf(unit: number): number {
    const sign = this.drawn(unit) ? -1 : 1,
      { rows, counts } = this.units[unit]!
    const grown = (missing: number, drawnCount: number, of: number) => ((missing - sign * drawnCount) ** 2 - missing ** 2) / of
    let cost = grown(this.missing, rows, this.rows)
    for (const [label, count] of counts) {
      const { missing, rows: of } = this.classes.get(label)!
      cost += grown(missing, count, of)
    }
    return cost
  }
}
