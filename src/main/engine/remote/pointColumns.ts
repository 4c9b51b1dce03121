import { z } from 'zod'
import type { Point } from '../training/messages.ts'

/** Points of curves as a journal has them: a column of numbers for each of their fields, a fifth of what they are one by one. */
const numbers = z.instanceof(Float64Array)
export const pointColumnsSchema = z
  .object({
    keys: z.array(z.string()).max(1000),
    /** Of each point: which of the keys. */
    key: z.instanceof(Uint16Array),
    step: numbers,
    epoch: numbers,
    seconds: numbers,
    value: numbers,
  })
  .refine(
    ({ keys, key, step, epoch, seconds, value }) =>
      [step, epoch, seconds, value].every(({ length }) => length === key.length) &&
      key.every((each) => each < keys.length) &&
      step.every((each) => Number.isInteger(each) && each >= 0),
  )
type PointColumns = z.infer<typeof pointColumnsSchema>

export function columnsOf(points: readonly Point[]): PointColumns {
  const keys = [...new Set(points.map(({ key }) => key))]
  const indices = new Map(keys.map((key, index) => [key, index]))
  const column = (of: (point: Point) => number): Float64Array<ArrayBuffer> => Float64Array.from(points, of)
  return {
    keys,
    key: Uint16Array.from(points, ({ key }) => indices.get(key)!),
    step: column(({ step }) => step),
    epoch: column(({ epoch }) => epoch),
    seconds: column(({ seconds }) => seconds),
    value: column(({ value }) => value),
  }
}

export const pointsOf = ({ keys, key, step, epoch, seconds, value }: PointColumns): Point[] =>
  Array.from(key, (index, at) => ({
    key: keys[index]!,
    step: step[at]!,
    epoch: epoch[at]!,
    seconds: seconds[at]!,
    value: value[at]!,
  }))
