/** The channels of brightness at the beginning of each pixel; what may follow is transparency. */
export const coloursOf = (channels: number): number => (channels >= 3 ? 3 : 1)

/** Goes over the numbers that are brightness, in runs; ends where `visit` says false. */
export function eachBrightness(
  { data, channels }: { data: ArrayLike<number>; channels: number },
  visit: (from: number, to: number) => boolean | void,
): void {
  const colours = coloursOf(channels)
  if (colours === channels) visit(0, data.length)
  else for (let at = 0; at < data.length; at += channels) if (visit(at, at + colours) === false) return
}

/** Whether any pixel is no gray. */
export function isColoured({ data, channels }: { data: ArrayLike<number>; channels: number }): boolean {
  if (channels < 3) return false
  for (let at = 0; at < data.length; at += channels) if (data[at] !== data[at + 1] || data[at] !== data[at + 2]) return true
  return false
}
