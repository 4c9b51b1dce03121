import { portMarker, type Host } from '../../shared/host.ts'
import { linkByTurns, type Link } from './linkByTurns.ts'

/** The desktop window: the shell sends a MessagePort for every engine that comes up. */
export function linkByPort(host: Host, link: Link): { retry(): void } {
  const turns = linkByTurns(link)
  window.addEventListener('message', (event) => {
    const port = event.ports[0]
    if (event.source !== window || event.origin !== location.origin || event.data?.type !== portMarker || !port) return
    turns.port(event.data.engine as number, {
      // A packed frame is a view into the packer's pool: a copy keeps the rest of the pool from travelling along.
      post: (frame) => port.postMessage(frame.slice()),
      listen: (listener) => {
        port.onmessage = (message) => listener(message.data as Uint8Array)
      },
    })
  })
  host.onEngineState(turns.state)
  host.connect()
  return { retry: () => host.restartEngine() }
}

const firstPause = 250
const longestPause = 4000

const silent = 'The workbench does not answer. Start it again in its terminal; this page continues as soon as it is back.'
const moved =
  'The workbench was restarted and now has a different address. Open the one printed in its terminal; this page cannot continue.'

/**
 * Whether who answers at the page's address knows the token: asked for the HMAC of a fresh challenge. `none`: nobody answers.
 * Where the browser cannot compute one, it is believed.
 */
async function proof(token: string): Promise<'ours' | 'other' | 'none'> {
  const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const challenge = hex(crypto.getRandomValues(new Uint8Array(32)))
  const response = await fetch(`/proof?challenge=${challenge}`, { cache: 'no-store' }).catch(() => null)
  if (response === null) return 'none'
  if (!crypto.subtle) return response.ok ? 'ours' : 'other'
  const encoder = new TextEncoder()
  const key = await crypto.subtle.importKey('raw', encoder.encode(token), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const expected = hex(new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(challenge))))
  return response.ok && (await response.text().catch(() => '')) === expected ? 'ours' : 'other'
}

/** The browser mode: one WebSocket on the page's own address, with the token of the page's address; opened again when it closes. */
export function linkBySocket(link: Link): { retry(): void } {
  const token = new URLSearchParams(location.search).get('token') ?? ''
  const address = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/engine?token=${encodeURIComponent(token)}`
  let pause = firstPause
  let timer: ReturnType<typeof setTimeout> | undefined
  const again = (): void => {
    timer = setTimeout(() => {
      void reopen()
    }, pause)
    pause = Math.min(2 * pause, longestPause)
  }
  /** While the workbench was away, anybody on this machine could have taken its port: the token is told only to who knows it. */
  const reopen = async (): Promise<void> => {
    timer = undefined
    const answer = await proof(token)
    if (answer === 'ours') return open()
    link.down(answer === 'none' ? silent : moved, false)
    again()
  }
  const open = (): void => {
    const socket = new WebSocket(address)
    socket.binaryType = 'arraybuffer'
    let lives = false
    socket.onopen = () => {
      pause = firstPause
      lives = true
      link.up({
        post: (frame) => socket.send(frame.slice()),
        listen: (listener) => {
          socket.onmessage = (message) => listener(new Uint8Array(message.data as ArrayBuffer))
        },
      })
    }
    socket.onclose = () => {
      link.down(lives ? '' : silent, false)
      again()
    }
  }
  open()
  return {
    retry() {
      if (timer === undefined) return
      clearTimeout(timer)
      void reopen()
    },
  }
}
