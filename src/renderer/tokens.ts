/** A design token's present value, e.g. `--line`. */
export const read = (token: string): string => getComputedStyle(document.documentElement).getPropertyValue(token).trim()
