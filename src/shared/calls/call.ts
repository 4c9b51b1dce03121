import { z } from 'zod'
import { idSchema } from '../domain.ts'

/** One call of the contract: what it takes, and what it gives. */
export const call = <I extends z.ZodType, O extends z.ZodType>(input: I, output: O) => ({ input, output })

export const none = z.strictObject({})
export const runRef = z.strictObject({ run: idSchema })
export const path = z.string().min(1).max(32_768)
