import { z } from 'zod'
import { shapeSchema } from './shape.ts'

/** One layer of a network as it is shown: what it makes of what, and what it takes. */
export const networkLayerSchema = z.object({
  /** `encoder/conv0` */
  name: z.string(),
  part: z.enum(['encoder', 'decoder', 'classifier']),
  /** `head`: reads what the layer before it reads, and gives something else of the same; none of the way through the network. */
  role: z.enum(['hidden', 'code', 'output', 'head']),
  /** `dense`, `convolution`. */
  kind: z.string(),
  in: shapeSchema,
  out: shapeSchema,
  /** Of a convolution: the sides of its kernel, and how many pixels apart it is applied. */
  window: z.object({ height: z.int(), width: z.int(), stride: z.int() }).nullable(),
  /** Trained values that no layer before it has: of a tied one its biases alone. */
  parameters: z.int(),
  /** Floating point operations of one row. */
  operations: z.number(),
})
export type NetworkLayer = z.infer<typeof networkLayerSchema>
