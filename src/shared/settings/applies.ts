import type { Field } from '../config.ts'

export type FieldsByKey = ReadonlyMap<string, Field>

export const fieldsByKey = (fields: readonly Field[]): FieldsByKey => new Map(fields.map((field) => [field.key, field]))

/** A setting's present value, or a list of all that it is to have. */
type ValueOf = (owner: Field) => unknown

/**
 * The condition that switches a field off: its own, or that of a setting on which it depends, which then has none of the values that
 * are needed. Null where it has an effect.
 */
export function switchedOff(field: Field, fields: FieldsByKey, valueOf: ValueOf): NonNullable<Field['when']> | null {
  // A chain of owners is no longer than there are fields.
  for (let left = fields.size, { when } = field; when !== undefined && left >= 0; left--) {
    const owner = fields.get(when.key)
    const needed = when.in
    if (owner === undefined || ![valueOf(owner)].flat().some((now) => needed.includes(String(now)))) return when
    when = owner.when
  }
  return null
}

export const applies = (field: Field, fields: FieldsByKey, valueOf: ValueOf): boolean =>
  switchedOff(field, fields, valueOf) === null

/** The fields that no other setting switches off, in their order. */
export function fieldsThatApply(fields: readonly Field[], valueOf: ValueOf): Field[] {
  const byKey = fieldsByKey(fields)
  return fields.filter((field) => applies(field, byKey, valueOf))
}
