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
      listen: (listener) => { port.onmessage = (message) => listener(message.data as Uint8Array) },
    })
  })
  host.onEngineState(turns.state)
  host.connect()
  return { retry: () => host.restartEngine() }
}

const firstPause = 250
const longestPause = 4000

const silent = 'The workbench does not answer. Start it again in its terminal, and open the address that it prints.'
const moved = 'The workbench was started again and has another address now. Open the one that its terminal prints; this page cannot go on.'

/** The browser mode: one WebSocket on the page's own address, with the token of the page's address; opened again when it closes. */
export function linkBySocket(link: Link): { retry(): void } {
  const token = new URLSearchParams(location.search).get('token') ?? ''
  const address = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/engine?token=${encodeURIComponent(token)}`
  let pause = firstPause
  let timer: ReturnType<typeof setTimeout> | undefined
  /** A socket does not say why it was refused, but the page's own address does: a workbench that was started again does not know the token of the one before. */
  const refused = (): Promise<boolean> => fetch(location.href.replace(/#.*$/, ''), { method: 'HEAD', cache: 'no-store' }).then(({ status }) => status === 403, () => false)
  const open = (): void => {
    timer = undefined
    const socket = new WebSocket(address)
    socket.binaryType = 'arraybuffer'
    let lives = false
    socket.onopen = () => {
      pause = firstPause
      lives = true
      link.up({
        post: (frame) => socket.send(frame.slice()),
        listen: (listener) => { socket.onmessage = (message) => listener(new Uint8Array(message.data as ArrayBuffer)) },
      })
    }
    socket.onclose = () => {
      if (lives) link.down('', false)
      else void refused().then((other) => { if (timer !== undefined) link.down(other ? moved : silent, false) })
      timer = setTimeout(open, pause)
      pause = Math.min(2 * pause, longestPause)
    }
  }
  open()
  return {
    retry() {
      if (timer === undefined) return
      clearTimeout(timer)
      open()
    },
  }
}
