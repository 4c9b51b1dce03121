import { createBirpc } from 'birpc'
import type { CallInput, CallName, CallOutput } from './calls.ts'
import type { EngineEvent } from './events.ts'
import { decode, decodeForeign, encode } from './codec.ts'
import { WorkbenchError, toErrorInfo, type ErrorInfo } from './errors.ts'
import { callLimits, LimitError } from './limits.ts'
import { scanMessage } from './scan.ts'

/** Anything that carries whole binary frames both ways: a WebSocket, a MessagePort, a pipe with length prefixes. */
export interface Channel {
  post(frame: Uint8Array): void
  /** Called once; frames that come later go to the listener. */
  listen(listener: (frame: Uint8Array) => void): void
}

type Answer = { ok: true; value: unknown } | { ok: false; error: ErrorInfo }
interface EngineFunctions {
  call(name: string, input: unknown, bytes?: number): Promise<Answer>
}
interface WindowFunctions {
  event(event: EngineEvent): void
}

export type Client = <N extends CallName>(name: N, input: CallInput<N>) => Promise<CallOutput<N>>

const options = (channel: Channel) => ({
  post: (frame: Uint8Array) => channel.post(frame),
  on: (listener: (frame: Uint8Array) => void) => channel.listen(listener),
  serialize: encode,
  deserialize: decode,
  timeout: -1,
})

/** A call as bytes. What the engine would drop unread is refused here, where somebody waits for the answer. */
function requestOut(message: unknown): Uint8Array {
  const frame = encode(message)
  scanMessage(frame, callLimits)
  return frame
}

/** The window's end. Rejections are WorkbenchErrors with the engine's code and sentence. */
export function connectToEngine(
  channel: Channel,
  onEvent: (event: EngineEvent) => void,
): { call: Client; close(why?: WorkbenchError): void } {
  const rpc = createBirpc<EngineFunctions, WindowFunctions>({ event: onEvent }, { ...options(channel), serialize: requestOut })
  const call: Client = async (name, input) => {
    const answer = await rpc.call(name, input).catch((thrown: unknown) => {
      if (!(thrown instanceof LimitError)) throw thrown
      throw new WorkbenchError('CALL_INVALID', `This request is too large: ${thrown.message}. Ask for less.`, {
        cause: thrown,
      })
    })
    if (!answer.ok) throw WorkbenchError.from(answer.error)
    return answer.value as never
  }
  return {
    call,
    close: (why = new WorkbenchError('ENGINE_LOST', 'The engine has stopped; it is being restarted.')) => rpc.$close(why),
  }
}

/** Of a call; the window's end writes 21 characters. */
const longestId = 64

/** Calls of one window that are not answered yet, and the bytes that they came in. */
const mostOpen = { calls: 2000, bytes: 256 * 1024 * 1024 }

/**
 * The engine's end: `handle` validates and carries out a call; the returned function sends an event to this window.
 * @param onRefused told of bytes that were dropped because they are no call, or ask for too much
 */
export function serveWindow(
  channel: Channel,
  handle: (name: string, input: unknown) => Promise<unknown>,
  onRefused: (why: unknown) => void = () => {},
): {
  send(event: EngineEvent): void
  close(): void
} {
  const open = { calls: 0, bytes: 0 }
  const functions: EngineFunctions = {
    // The third argument is ours, not the window's.
    async call(name, input, bytes = 0) {
      if (open.calls >= mostOpen.calls || open.bytes + bytes > mostOpen.bytes) {
        return {
          ok: false,
          error: {
            code: 'BUSY',
            message: 'Too many requests of this window are still unanswered; wait for the answers, then try again.',
          },
        }
      }
      open.calls += 1
      open.bytes += bytes
      try {
        return { ok: true, value: await handle(name, input) }
      } catch (thrown) {
        return { ok: false, error: toErrorInfo(thrown) }
      } finally {
        open.calls -= 1
        open.bytes -= bytes
      }
    },
  }
  const rpc = createBirpc<WindowFunctions, EngineFunctions>(functions, {
    ...options(channel),
    deserialize: (frame) => {
      try {
        return requestIn(frame)
      } catch (thrown) {
        onRefused(thrown)
        throw thrown
      }
    },
    // Only what is offered here, nothing that every object inherits.
    resolver: (name, known) => (Object.hasOwn(functions, name) ? known : undefined) as never,
    // Bytes that are no request are dropped, and so is an answer that cannot be delivered any more: neither ends the engine.
    onGeneralError: () => true,
  })
  return { send: (event) => void rpc.event.asEvent(event).catch(() => {}), close: () => rpc.$close() }
}

/** Throws on anything that is not a call as the window's end writes it. */
function requestIn(frame: Uint8Array): unknown {
  const message = decodeForeign(frame, callLimits) as { t?: unknown; m?: unknown; a?: unknown; i?: unknown } | null
  const isRequest =
    typeof message === 'object' &&
    message?.t === 'q' &&
    message.m === 'call' &&
    Array.isArray(message.a) &&
    (message.i === undefined || (typeof message.i === 'string' && message.i.length <= longestId))
  if (!isRequest) throw new TypeError('it is not a request')
  return { ...message, a: [...(message.a as unknown[]).slice(0, 2), frame.length] }
}
