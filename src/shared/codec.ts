import { Packr } from 'msgpackr/index-no-eval'

/**
 * One codec for every frame between a window (or the command line) and the engine: MessagePack with typed arrays kept as
 * they are. `index-no-eval` because the renderer's content security policy forbids generated code.
 */
const packr = new Packr({ structuredClone: true, useRecords: false, mapsAsObjects: true, int64AsType: 'number' })

/** One message as bytes. */
export const encode = (value: unknown): Uint8Array => packr.pack(value)
/** Throws on bytes that are not one whole message. */
export const decode = (bytes: Uint8Array): unknown => packr.unpack(bytes)
