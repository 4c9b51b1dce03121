// The package brings no types; these are of what we use.
declare module 'gifenc' {
  type Palette = number[][]
  /** How finely colours are told apart: 4, or 5, 6 and 5 bits of red, green and blue. */
  type Format = 'rgb444' | 'rgb565'
  interface Encoder {
    writeFrame(
      index: Uint8Array,
      width: number,
      height: number,
      options: { palette?: Palette; delay?: number; repeat?: number },
    ): void
    finish(): void
    bytes(): Uint8Array
  }
  const gifenc: {
    GIFEncoder(): Encoder
    quantize(rgba: Uint8Array, colours: number, options: { format: Format }): Palette
    applyPalette(rgba: Uint8Array, palette: Palette, format: Format): Uint8Array
  }
  export default gifenc
}
