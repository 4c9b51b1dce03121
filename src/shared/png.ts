/** PNG (ISO/IEC 15948) as far as the engine, which writes pictures, and a window, which has its browser write them, share it. */

export const pngSignature: readonly number[] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

/** The check that every chunk ends with (annex D). */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = table[(crc ^ byte) & 0xff]! ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}

/** @param type four letters */
export function pngChunk(type: string, content: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + content.length),
    view = new DataView(out.buffer)
  view.setUint32(0, content.length)
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i)
  out.set(content, 8)
  view.setUint32(8 + content.length, crc32(out.subarray(4, 8 + content.length)))
  return out
}

/**
 * Chunks of text: tEXt where Latin-1 suffices, else iTXt.
 * @param texts keywords (1 to 79 characters of Latin-1) and what is to be kept under them
 */
export function textChunks(texts: Readonly<Record<string, string>>): Uint8Array[] {
  const encoder = new TextEncoder()
  return Object.entries(texts).map(([keyword, text]) =>
    /^[\n\x20-\xff]*$/.test(text)
      ? pngChunk(
          'tEXt',
          Uint8Array.from(`${keyword}\0${text}`, (character) => character.charCodeAt(0)),
        )
      : pngChunk('iTXt', Uint8Array.from([...encoder.encode(keyword), 0, 0, 0, 0, 0, ...encoder.encode(text)])),
  )
}

/** A PNG with texts after its header. What is no PNG comes back as it is. */
export function withTexts(png: Uint8Array, texts: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  if (png.length < 33 || pngSignature.some((byte, i) => png[i] !== byte)) return Uint8Array.from(png)
  // The signature and the header are 8 and 25 bytes.
  return joined([png.subarray(0, 33), ...textChunks(texts), png.subarray(33)])
}

/** Parts of a file, one after the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
