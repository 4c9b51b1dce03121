import { createBirpc } from 'birpc'
import type { CallInput, CallName, CallOutput, EngineEvent } from './calls.ts'
import { decode, encode } from './codec.ts'
import { WorkbenchError, toErrorInfo, type ErrorInfo } from './errors.ts'

/** Anything that carries whole binary frames both ways: a WebSocket, a MessagePort, a pipe with length prefixes. */
export interface Channel {
  post(frame: Uint8Array): void
  /** Called once; frames that come later go to the listener. */
  listen(listener: (frame: Uint8Array) => void): void
}

type Answer = { ok: true; value: unknown } | { ok: false; error: ErrorInfo }
interface EngineFunctions { call(name: string, input: unknown): Promise<Answer> }
interface WindowFunctions { event(event: EngineEvent): void }

export type Client = <N extends CallName>(name: N, input: CallInput<N>) => Promise<CallOutput<N>>

const options = (channel: Channel) => ({
  post: (frame: Uint8Array) => channel.post(frame),
  on: (listener: (frame: Uint8Array) => void) => channel.listen(listener),
  serialize: encode,
  deserialize: decode,
  timeout: -1,
})

/** The window's end. Rejections are WorkbenchErrors with the engine's code and sentence. */
export function connectToEngine(channel: Channel, onEvent: (event: EngineEvent) => void): { call: Client; close(): void } {
  const rpc = createBirpc<EngineFunctions, WindowFunctions>({ event: onEvent }, options(channel))
  const call: Client = async (name, input) => {
    const answer = await rpc.call(name, input)
    if (!answer.ok) throw WorkbenchError.from(answer.error)
    return answer.value as never
  }
  return { call, close: () => rpc.$close(new WorkbenchError('ENGINE_LOST', 'The engine is gone; it is being started again.')) }
}

/** The engine's end: `handle` validates and carries out a call; the returned function sends an event to this window. */
export function serveWindow(channel: Channel, handle: (name: string, input: unknown) => Promise<unknown>): {
  send(event: EngineEvent): void
  close(): void
} {
  const functions: EngineFunctions = {
    async call(name, input) {
      try {
        return { ok: true, value: await handle(name, input) }
      } catch (thrown) {
        return { ok: false, error: toErrorInfo(thrown) }
      }
    },
  }
  const rpc = createBirpc<WindowFunctions, EngineFunctions>(functions, {
    ...options(channel),
    deserialize: requestIn,
    // Only what is offered here, nothing that every object inherits.
    resolver: (name, known) => (Object.hasOwn(functions, name) ? known : undefined) as never,
    // Bytes that are no request are dropped, and so is an answer that cannot be delivered any more: neither ends the engine.
    onGeneralError: () => true,
  })
  return { send: (event) => void rpc.event.asEvent(event).catch(() => {}), close: () => rpc.$close() }
}

/** Throws on anything that is not a call as the window's end writes it. */
function requestIn(frame: Uint8Array): unknown {
  const message = decode(frame) as { t?: unknown; m?: unknown; a?: unknown } | null
  if (typeof message !== 'object' || message?.t !== 'q' || typeof message.m !== 'string' || !Array.isArray(message.a)) throw new TypeError('not a request')
  return message
}
