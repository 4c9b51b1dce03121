import { MessageChannelMain, type MessagePortMain, type WebContents } from 'electron'
import { hostChannels, type EngineState } from '../../shared/host.ts'
import type { EngineHost } from './engine.ts'

/**
 * Joins each window's MessagePort with the engine's pipe. Every port gets a number of its own, and the bytes go through
 * unread. A window that asked once gets a new port from every engine that comes after.
 */
export interface Relay {
  /** Gives the window a port now, or as soon as an engine runs. A port that it had before is closed. */
  connect(contents: WebContents): void
  engineState(state: EngineState): void
  fromEngine(port: number, payload: Uint8Array): void
}

export function relayFrames(engine: () => EngineHost): Relay {
  const ports = new Map<number, MessagePortMain>()
  /** Windows that want a port, with the number of the one they have. */
  const windows = new Map<WebContents, number | null>()
  // 0 is the shell's own.
  let next = 1

  const close = (number: number): void => {
    const port = ports.get(number)
    if (!port) return
    ports.delete(number)
    engine().closePort(number)
    port.close()
  }

  const open = (contents: WebContents): void => {
    const before = windows.get(contents)
    if (typeof before === 'number') close(before)
    const number = next++
    const { port1, port2 } = new MessageChannelMain()
    port1.on('message', ({ data }) => {
      if (ports.has(number) && data instanceof Uint8Array) engine().send(number, data)
    })
    // The page was closed or loaded anew.
    port1.on('close', () => close(number))
    ports.set(number, port1)
    windows.set(contents, number)
    port1.start()
    contents.postMessage(hostChannels.port, engine().state.engine, [port2])
  }

  return {
    connect(contents) {
      if (!windows.has(contents)) contents.once('destroyed', () => windows.delete(contents))
      if (engine().state.state === 'connected') open(contents)
      else windows.set(contents, null)
    },
    engineState({ state }) {
      if (state === 'connected') return windows.forEach((_number, contents) => open(contents))
      for (const number of [...ports.keys()]) close(number)
      for (const contents of windows.keys()) windows.set(contents, null)
    },
    fromEngine(port, payload) {
      // Empty: the engine closed this port.
      if (payload.length === 0) close(port)
      else ports.get(port)?.postMessage(payload)
    },
  }
}
