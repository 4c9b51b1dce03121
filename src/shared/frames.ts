/**
 * Frames on a byte stream (the pipe between shell and engine, the engine's local socket): uint32 LE length of the rest,
 * uint32 LE port number (one a window), then the codec's bytes. An empty payload says that the port is closed.
 */
const headerSize = 4
const portSize = 4

/** Larger announcements are refused before anything is collected: a peer that sends one is broken. */
const maximumFrame = 256 * 1024 * 1024

/** What a header announces of a payload of so many bytes. */
export const frameSize = (payload: number): number => portSize + payload

/** One frame; `payload` empty: the port is closed. */
export function frame(port: number, payload: Uint8Array): Uint8Array {
  const length = frameSize(payload.length)
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

/** What is made room for at first; the rest only as its bytes come, whatever was announced. */
const firstRoom = 64 * 1024

/**
 * Takes chunks as they come, split or joined anywhere, and calls `onFrame` once a whole frame, with memory of its own.
 * Throws RangeError on a length that no peer of ours writes; the stream cannot be read any further then.
 * @param maximum what a header may announce: a payload and its port, in bytes
 */
export function frameParser(
  onFrame: (port: number, payload: Uint8Array) => void,
  maximum = maximumFrame,
): (chunk: Uint8Array) => void {
  let frame = new Uint8Array(headerSize)
  let filled = 0
  let wanted = headerSize
  let inBody = false

  const begin = (length: number): void => {
    frame = new Uint8Array(Math.min(length, firstRoom))
    filled = 0
    wanted = length
  }
  const put = (part: Uint8Array): void => {
    if (filled + part.length > frame.length) {
      const larger = new Uint8Array(Math.min(wanted, Math.max(filled + part.length, 2 * frame.length)))
      larger.set(frame.subarray(0, filled))
      frame = larger
    }
    frame.set(part, filled)
    filled += part.length
  }

  return (chunk) => {
    for (let used = 0; used < chunk.length;) {
      const part = chunk.subarray(used, used + wanted - filled)
      put(part)
      used += part.length
      if (filled < wanted) return
      const view = new DataView(frame.buffer)
      if (inBody) {
        inBody = false
        const whole = frame
        begin(headerSize)
        onFrame(view.getUint32(0, true), whole.subarray(portSize))
      } else {
        const length = view.getUint32(0, true)
        if (length < portSize || length > maximum) throw new RangeError(`A frame of ${length} bytes is not possible here.`)
        inBody = true
        begin(length)
      }
    }
  }
}
