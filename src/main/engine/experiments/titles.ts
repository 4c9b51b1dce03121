import type { Field } from '../../../shared/config.ts'
import { areConvolutions } from '../../../shared/convolutions.ts'
import { applies, type FieldsByKey } from '../../../shared/settings/applies.ts'
import { choiceWords, inSentence } from '../../../shared/words.ts'
import { formatSetting } from '../compare/formats.ts'
import { isOwn } from '../../../shared/ownedKeys.ts'

/** A cell before it has a name. */
interface Untitled {
  /** Its variant's in the plan, and the index of that. */
  title: string
  planned: number
  /** What is swept, and everything that is set, by dotted key. */
  values: ReadonlyMap<string, unknown>
  given: ReadonlyMap<string, unknown>
  /** Keys that the plan sets for this variant alone. */
  variantKeys: ReadonlySet<string>
  fields: FieldsByKey
}

/**
 * Names for every cell, no two titles alike: the variant's title; where several of the plan have the same, what each was given
 * for itself; and of the swept settings those that tell the cell from another: `Contractive, lambda 0.1`. Variants that even so
 * are called alike are numbered.
 * @returns `name`: the title without the swept values
 */
export function titled(cells: readonly Untitled[]): { title: string; name: string }[] {
  const alike = Map.groupBy(cells, ({ title }) => title),
    ofPlanned = Map.groupBy(cells, ({ planned }) => planned)
  const varies = counting()
  const drafts = cells.map((cell) => {
    const apart = [...cell.variantKeys].filter((key) => !cell.values.has(key) && varies(alike.get(cell.title)!, key))
    // What a regularizer has is its own matter; of what all have, others may have another value.
    const telling = [...cell.values.keys()].filter((key) => varies(isOwn(key) ? ofPlanned.get(cell.planned)! : cells, key))
    const said = (keys: readonly string[]): string => keys.map((key) => `, ${nameOf(key, cell)} ${textAt(cell, key)}`).join('')
    return { planned: cell.planned, name: `${cell.title}${said(apart)}`, values: said(telling) }
  })
  // Of variants that share a title the first keeps it.
  const owner = new Map<string, number>()
  for (const { planned, name, values } of drafts) if (!owner.has(name + values)) owner.set(name + values, planned)
  const numbers = new Map<number, number>(),
    timesUsed = new Map<string, number>()
  for (const { planned, name, values } of drafts) {
    if (owner.get(name + values) === planned || numbers.has(planned)) continue
    numbers.set(planned, (timesUsed.get(name) ?? 1) + 1)
    timesUsed.set(name, numbers.get(planned)!)
  }
  return drafts.map(({ planned, name, values }) => {
    const distinctName = numbers.has(planned) ? `${name} (${numbers.get(planned)})` : name
    return { title: distinctName + values, name: distinctName }
  })
}

/** Whether a setting has several values among some cells that have it; found once for each list of cells. */
function counting(): (among: readonly Untitled[], key: string) => boolean {
  const found = new Map<readonly Untitled[], Map<string, boolean>>()
  return (among, key) => {
    const known = found.get(among) ?? new Map<string, boolean>()
    found.set(among, known)
    let varies = known.get(key)
    if (varies === undefined)
      known.set(key, (varies = new Set(among.map((cell) => textAt(cell, key)).filter((text) => text !== null)).size > 1))
    return varies
  }
}

/** A setting's value in a cell, given or usual, as it is read; null where it has no effect there. */
function textAt(cell: Untitled, key: string): string | null {
  const field = cell.fields.get(key)
  if (!field) return cell.given.has(key) ? textOf(cell.given.get(key)) : null
  return hasEffect(field, cell) ? textOf(valueIn(cell)(field)) : null
}

const valueIn =
  ({ given }: Untitled) =>
  (field: Field): unknown =>
    given.get(field.key) ?? field.default
const hasEffect = (field: Field, cell: Untitled): boolean => applies(field, cell.fields, valueIn(cell))

const textOf = (value: unknown): string =>
  !areConvolutions(value) && Array.isArray(value) ? value.map(textOf).join('-') : choiceWords(formatSetting(value))

/**
 * A field's title as it stands inside a sentence; what belongs to the pretraining says so where the whole network has a setting
 * of that title.
 */
function nameOf(key: string, cell: Untitled): string {
  const field = cell.fields.get(key)
  if (!field) return key
  const title = inSentence(field.title)
  return key.startsWith('pretraining.') &&
    [...cell.fields.values()].some((other) => other.key !== key && other.title === field.title && hasEffect(other, cell))
    ? `pretraining ${title}`
    : title
}
