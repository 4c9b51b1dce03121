import { isObject } from '../json.ts'

/** Nested settings as dotted keys with their values; lists and scalars are values. @param prefix what every key begins with */
export function flatten(settings: object, prefix = ''): [key: string, value: unknown][] {
  return Object.entries(settings).flatMap(([name, value]: [string, unknown]): [string, unknown][] =>
    isObject(value) ? flatten(value, `${prefix}${name}.`) : [[prefix + name, value]],
  )
}

/** A value of nested settings by its dotted key. Of their own: what every object inherits is no setting. */
export const valueAt = (settings: unknown, key: string): unknown =>
  key.split('.').reduce<unknown>((at, part) => (isObject(at) && Object.hasOwn(at, part) ? at[part] : undefined), settings)
