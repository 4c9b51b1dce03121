import { z } from 'zod'
import { counted, thousands } from './words.ts'

/** What is done to one side of some images so that all have one size. */
const changeSchema = z.object({
  /** How many images this is done to. */
  images: z.int(),
  /** The least and the greatest share of the side. */
  least: z.number(),
  most: z.number(),
})
const changesSchema = z.object({ width: changeSchema.nullable(), height: changeSchema.nullable() })

/** What each fit does to the images; sides that stay as they are, apart from enlarging and reducing the whole, are null. */
export const fittingSchema = z.object({
  /** Images whose size is known; the others are not counted. */
  looked: z.int(),
  /** Shares of an image's own sides that are cut off. */
  crop: changesSchema,
  /** Shares of the stored sides that are black. */
  pad: changesSchema,
  /** Shares by which a side is squeezed, as seen beside the other. */
  stretch: changesSchema,
})
export type Fitting = z.infer<typeof fittingSchema>

/** Why images become the size that they become. */
export const sizeReasons = ['chosen', 'proportion', 'found', 'reduced'] as const
export type SizeReason = (typeof sizeReasons)[number]

/** By default no side is longer than this many pixels. */
export const defaultSide = 64

const share = (value: number): string => (value < 0.005 ? 'less than 1%' : `${Math.round(100 * value)}%`)
const shares = ({ least, most }: { least: number; most: number }): string =>
  share(least) === share(most) ? share(most) : `${share(least)} to ${share(most)}`

const nothing = { crop: 'cuts nothing', pad: 'adds nothing', stretch: 'changes no proportions' }
/** What comes before all, of each side, and after all. */
const forms = {
  crop: ['cuts ', (amount: string, side: string, those: string) => `${amount} of the ${side} of ${those}`, ''],
  pad: ['leaves ', (amount: string, side: string, those: string) => `${amount} of the ${side} of ${those}`, ' black'],
  stretch: ['squeezes ', (amount: string, side: string, those: string) => `the ${side} of ${those} by ${amount}`, ''],
} as const

/** What a fit does, exactly: `cuts 25% of the width of 312 images`. @param all how many images there are */
export function fitWords(fit: keyof typeof forms, fitting: Fitting, all: number): string {
  const { looked } = fitting,
    [before, form, after] = forms[fit]
  const said = (['width', 'height'] as const).flatMap((side) => {
    const change = fitting[fit][side]
    if (change === null) return []
    const { images } = change
    return [form(shares(change), side, images === all && all > 1 ? `all ${thousands(all)} images` : counted(images, 'image'))]
  })
  const among = looked < all ? `, of ${thousands(looked)} that were looked at` : ''
  return (said.length === 0 ? nothing[fit] : `${before}${said.join(' and ')}${after}`) + among
}

/** Whether a fit changes more of any image than what whole pixels ask for. */
export const isReshaped = ({ crop }: Fitting): boolean =>
  [crop.width, crop.height].some((change) => change !== null && change.most > 0.02)
