/** Pixels that are nearly 0 and 1, as of ink on paper; or continuous, gray or in colour, as those of photographs. */
export type PixelKind = 'nearlyBinary' | 'gray' | 'colour'
