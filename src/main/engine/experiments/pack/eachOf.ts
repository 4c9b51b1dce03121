import { z } from 'zod'

/**
 * A list of which every item is of a kind, as `z.array`; but the first wrong item is the only one that is told of. Lists in
 * files can have millions of items, and an account of each costs far more than the item.
 */
export const eachOf = <S extends z.ZodType>(item: S) =>
  z.array(z.unknown()).transform((values, context): z.output<S>[] => {
    const found: z.output<S>[] = []
    for (const [index, value] of values.entries()) {
      const { success, data, error } = item.safeParse(value)
      if (!success) {
        context.issues.push({
          code: 'custom',
          message: error.issues[0]!.message,
          path: [index, ...error.issues[0]!.path],
          input: value,
        })
        return z.NEVER
      }
      found.push(data)
    }
    return found
  })
