import { z } from 'zod'

/** How the values of a row lie: those of a pixel side by side, pixels row by row. A vector is one line of values. */
export const shapeSchema = z.object({ height: z.int().min(1), width: z.int().min(1), channels: z.int().min(1) })
export type Shape = z.infer<typeof shapeSchema>

/** Number of values. */
export const sizeOf = ({ height, width, channels }: Shape): number => height * width * channels

/** The shape of so many values that are no image. */
export const vectorOf = (values: number): Shape => ({ height: 1, width: values, channels: 1 })

/** The shape alone of what has one among other things, as a dataset has. */
export const shapeOf = ({ height, width, channels }: Shape): Shape => ({ height, width, channels })
