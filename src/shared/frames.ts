/**
 * Frames on a byte stream (the pipe between shell and engine, the engine's local socket): uint32 LE length of the rest,
 * uint32 LE port number (one a window), then the codec's bytes. An empty payload says that the port is closed.
 */
const headerSize = 4
const portSize = 4

/** Larger announcements are refused before anything is collected: a peer that sends one is broken. */
const maximumFrame = 256 * 1024 * 1024

/** One frame; `payload` empty: the port is closed. */
export function frame(port: number, payload: Uint8Array): Uint8Array {
  const length = portSize + payload.length
  if (length > maximumFrame) throw new RangeError(`A message of ${payload.length} bytes is too large to send.`)
  const bytes = new Uint8Array(headerSize + length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, length, true)
  view.setUint32(headerSize, port, true)
  bytes.set(payload, headerSize + portSize)
  return bytes
}

/** Says that a port is closed. */
export const closedFrame = (port: number): Uint8Array => frame(port, new Uint8Array(0))

/**
 * Takes chunks as they come, split or joined anywhere, and calls `onFrame` once a whole frame, with memory of its own.
 * Throws RangeError on a length that no peer of ours writes; the stream cannot be read any further then.
 */
export function frameParser(onFrame: (port: number, payload: Uint8Array) => void, maximum = maximumFrame): (chunk: Uint8Array) => void {
  let chunks: Uint8Array[] = []
  let buffered = 0
  let wanted = headerSize
  let inBody = false

  const take = (length: number): Uint8Array => {
    const taken = new Uint8Array(length)
    let filled = 0
    let used = 0
    while (filled < length) {
      const chunk = chunks[used]!
      const part = chunk.subarray(0, length - filled)
      taken.set(part, filled)
      filled += part.length
      if (part.length < chunk.length) chunks[used] = chunk.subarray(part.length)
      else used += 1
    }
    chunks = chunks.slice(used)
    buffered -= length
    return taken
  }

  return (chunk) => {
    if (chunk.length === 0) return
    chunks.push(chunk)
    buffered += chunk.length
    while (buffered >= wanted) {
      const taken = take(wanted)
      const view = new DataView(taken.buffer)
      if (inBody) {
        inBody = false
        wanted = headerSize
        onFrame(view.getUint32(0, true), taken.subarray(portSize))
      } else {
        const length = view.getUint32(0, true)
        if (length < portSize || length > maximum) throw new RangeError(`A frame of ${length} bytes is not possible here.`)
        inBody = true
        wanted = length
      }
    }
  }
}
