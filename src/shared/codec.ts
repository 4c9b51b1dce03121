import { Packr } from 'msgpackr/index-no-eval'
import type { Limits } from './limits.ts'
import { scanMessage } from './scan.ts'

/**
 * One codec for every frame between a window (or the command line) and the engine: MessagePack with typed arrays kept as
 * they are. `index-no-eval` because the renderer's content security policy forbids generated code.
 */
const packr = new Packr({ structuredClone: true, useRecords: false, mapsAsObjects: true, int64AsType: 'number' })

/** One message as bytes. */
export const encode = (value: unknown): Uint8Array => packr.pack(value)

/** Bytes that this program wrote itself: the engine's answers, its own database. Throws on bytes that are not one whole message. */
export const decode = (bytes: Uint8Array): unknown => packr.unpack(bytes)

/**
 * Bytes that somebody else may have written. They are gone through before anything is made of them.
 * @throws LimitError for more than the limits allow; others on bytes that are not one whole message
 */
export function decodeForeign(bytes: Uint8Array, limits: Limits): unknown {
  scanMessage(bytes, limits)
  return packr.unpack(bytes)
}
