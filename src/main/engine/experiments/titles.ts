import type { Field } from '../../../shared/config.ts'

interface Untitled { title: string; planned: number; values: ReadonlyMap<string, unknown>; fields: readonly Field[] }

const shown = (value: unknown): string => (Array.isArray(value) ? value.join('-') : String(value))

/**
 * A name for every cell, no two alike: the variant's title and the swept values, `Contractive, lambda 0.1`. Variants of one title are told
 * apart by their place in the plan.
 */
export function titled(cells: readonly Untitled[]): string[] {
  const owners = new Map<string, number[]>()
  for (const { title, planned } of cells) {
    const places = owners.get(title) ?? []
    if (!places.includes(planned)) owners.set(title, [...places, planned])
  }
  return cells.map(({ title, planned, values, fields }) => {
    const place = owners.get(title)!.indexOf(planned)
    const own = place === 0 ? title : `${title} (${place + 1})`
    return [own, ...[...values].map(([key, value]) => `${nameOf(key, fields)} ${shown(value)}`)].join(', ')
  })
}

/** A field's title as it stands inside a sentence; with its section where two fields share the title. */
function nameOf(key: string, fields: readonly Field[]): string {
  const field = fields.find((candidate) => candidate.key === key)
  if (!field) return key
  const title = field.title.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())
  return fields.some((other) => other.key !== key && other.title === field.title) ? `${key.split('.')[0]!} ${title}` : title
}
