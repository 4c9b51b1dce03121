/** How files and their texts begin: what the reader of headers and the decoders both look for. */

/** White space of a PNM header. */
export const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)

/** The box that a `.jp2` file begins with. */
export const jp2Signature = Buffer.from('0000000c6a5020200d0a870a', 'hex')
/** The markers SOC and SIZ of JPEG 2000, which begin every codestream. */
export const codestreamStart = Buffer.from('ff4fff51', 'hex')
