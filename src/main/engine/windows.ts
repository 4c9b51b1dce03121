import type { Duplex } from 'node:stream'
import { serveWindow, type Channel } from '../../shared/connection.ts'
import { frame, frameParser, frameSize } from '../../shared/frames.ts'
import { callLimits } from '../../shared/limits.ts'
import type { Engine } from './engine.ts'

/** A peer that does not read what it asked for is cut off beyond this many waiting bytes. */
export const mostWaiting = 512 * 1024 * 1024
/** Beyond this many, nothing more that it asks is read until it has read. */
export const manyWaiting = 32 * 1024 * 1024
/** Windows on one stream. */
const mostPorts = 1000

/** Lets a window (or a command line) at the other end of the channel use the engine; returns the function that ends it. */
export function attachWindow(engine: Engine, channel: Channel): () => void {
  let refused = 0
  const window = serveWindow(channel, engine.handle, (why) => {
    // One line for each window: a log is no place to pour things into.
    if (refused++ === 0)
      engine.log(`What a window sent is not a call, and was dropped (${why instanceof Error ? why.message : 'unreadable'}).`)
  })
  const unsubscribe = engine.subscribe(window.send)
  return () => {
    unsubscribe()
    window.close()
  }
}

/** Serves any number of windows over one byte stream, told apart by the frames' port numbers. */
export function attachStream(engine: Engine, stream: Duplex): void {
  const windows = new Map<number, { deliver: (payload: Uint8Array) => void; close: () => void }>()

  const openPort = (port: number) => {
    let deliver: (payload: Uint8Array) => void = () => {}
    const close = attachWindow(engine, {
      post: (payload) => {
        if (!windows.has(port) || !stream.writable) return
        stream.write(frame(port, payload))
        if (stream.writableLength > mostWaiting) stream.destroy()
        else if (stream.writableLength > manyWaiting) stream.pause()
      },
      listen: (listener) => {
        deliver = listener
      },
    })
    const window = { deliver: (payload: Uint8Array) => deliver(payload), close }
    windows.set(port, window)
    return window
  }

  const parse = frameParser((port, payload) => {
    if (payload.length > 0) {
      if (windows.size >= mostPorts && !windows.has(port)) throw new RangeError('It has opened too many windows.')
      return (windows.get(port) ?? openPort(port)).deliver(payload)
    }
    windows.get(port)?.close()
    windows.delete(port)
  }, frameSize(callLimits.bytes))
  stream.on('drain', () => stream.resume())
  stream.on('data', (chunk: Buffer) => {
    try {
      parse(chunk)
    } catch (thrown) {
      engine.log('A peer sent what is not a frame and was cut off.', thrown)
      stream.destroy()
    }
  })
  stream.on('error', () => {})
  stream.on('close', () => {
    windows.forEach((window) => window.close())
    windows.clear()
  })
}
