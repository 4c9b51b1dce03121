import type { Depth } from '../../../shared/inspection.ts'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Samples } from './samples.ts'
import { codestreamStart } from './signatures.ts'

/**
 * JPEG 2000 (ITU-T T.800), a `.jp2` file or a bare codestream: header and decoder. The one door of
 * @cornerstonejs/codec-openjpeg (OpenJPEG as WebAssembly), since the libvips that comes with sharp has none.
 */
interface Decoder {
  getEncodedBuffer(length: number): Uint8Array
  getDecodedBuffer(): Uint8Array
  decode(): void
  getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number; isSigned: boolean }
  delete(): void
}
interface OpenJpeg {
  J2KDecoder: new () => Decoder
}

const convert = 'convert it to PNG or TIFF, for example with opj_decompress'

/** Reads the marker SIZ, which begins every codestream. @throws RangeError where it lies beyond the given bytes */
export function jpeg2000Header(
  bytes: Buffer,
): { width: number; height: number; channels: 1 | 3; wide: boolean; depth: Depth } | { reason: string } {
  const at = bytes.indexOf(codestreamStart)
  if (at < 0) throw new RangeError('the codestream begins later')
  const long = (offset: number) => bytes.readUInt32BE(at + 8 + offset)
  const width = long(0) - long(8),
    height = long(4) - long(12),
    components = bytes.readUInt16BE(at + 40)
  for (let i = 0; i < components && i < 4; i++) {
    if (bytes.readUInt8(at + 43 + 3 * i) !== 1 || bytes.readUInt8(at + 44 + 3 * i) !== 1) {
      return { reason: `a JPEG 2000 file whose channels have sizes of their own, which is not read: ${convert}` }
    }
  }
  if (components !== 1 && components !== 3) {
    return { reason: `a JPEG 2000 file of ${components} channels; 1 and 3 are read: ${convert}` }
  }
  // The highest bit says that values have signs; the others are the depth less one.
  const precision = bytes.readUInt8(at + 42),
    depth: Depth = { bits: (precision & 127) + 1, kind: precision > 127 ? 'signed' : 'unsigned' }
  return { width, height, channels: components, wide: precision > 7, depth }
}

let library: Promise<OpenJpeg> | undefined

/** @returns what decodes, once the library is there: where that cannot be loaded, it says nothing about an image */
export async function jpeg2000Decoder() {
  const loaded = await (library ??= load())
  return (bytes: Buffer, header: { width: number; height: number; channels: number }) => decodeJpeg2000(loaded, bytes, header)
}

async function load(): Promise<OpenJpeg> {
  const require = createRequire(import.meta.url)
  const create = require('@cornerstonejs/codec-openjpeg/decodewasmjs') as (options: object) => Promise<OpenJpeg>
  const silent = () => {}
  return create({
    wasmBinary: readFileSync(require.resolve('@cornerstonejs/codec-openjpeg/decodewasm')),
    print: silent,
    printErr: silent,
  })
}

/**
 * Numbers as they are; those of fewer than 8 bits are spread over a byte.
 * @returns null where it cannot be decoded
 * @throws what the library throws for some of these
 */
function decodeJpeg2000(
  library: OpenJpeg,
  bytes: Buffer,
  header: { width: number; height: number; channels: number },
): Samples | null {
  const decoder = new library.J2KDecoder()
  try {
    decoder.getEncodedBuffer(bytes.length).set(bytes)
    decoder.decode()
    const { width, height, bitsPerSample, componentCount: channels, isSigned } = decoder.getFrameInfo()
    if (width !== header.width || height !== header.height || channels !== header.channels) return null
    const raw = decoder.getDecodedBuffer(),
      count = width * height * channels
    const values = bitsPerSample <= 8 ? raw : new Uint16Array(raw.slice(0, 2 * count).buffer)
    if (values.length < count) return null
    const common = { width, height, channels, alpha: null, orientation: 1 }
    if (isSigned) {
      return bitsPerSample <= 8
        ? { ...common, data: Int8Array.from(values.subarray(0, count)), type: 'i1' }
        : { ...common, data: Int16Array.from(values.subarray(0, count)), type: 'i2' }
    }
    if (bitsPerSample > 8) return { ...common, data: Uint16Array.from(values.subarray(0, count)), type: 'u2' }
    const most = 2 ** bitsPerSample - 1
    return { ...common, data: Uint8Array.from(values.subarray(0, count), (value) => Math.round((255 * value) / most)), type: 'u1' }
  } finally {
    decoder.delete()
  }
}
