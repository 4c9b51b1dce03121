import { contextBridge, ipcRenderer, webUtils, type IpcRendererEvent } from 'electron'
import { hostChannels, hostKey, portMarker, type EngineState, type Host, type HostCommand } from '../shared/host.ts'

// The few names of the page that are needed here; the shell is compiled without the DOM's types.
declare const window: {
  postMessage(message: unknown, origin: string, transfer: readonly unknown[]): void
  navigation?: { addEventListener(type: 'navigate', listener: (event: Navigating) => void, options: { capture: true }): void }
}
interface Navigating {
  preventDefault(): void
  downloadRequest: string | null
  destination: { url: string; sameDocument: boolean }
}
declare const location: { origin: string; href: string }
const withoutHash = (address: string): string => address.replace(/#.*$/s, '')
const isThisPage = (address: string): boolean => withoutHash(address) === withoutHash(location.href)

/** Subscribes to a channel of the shell without handing the page Electron's event object. */
function on<T>(channel: string, listener: (value: T) => void): () => void {
  const forward = (_event: IpcRendererEvent, value: T): void => listener(value)
  ipcRenderer.on(channel, forward)
  return () => void ipcRenderer.off(channel, forward)
}

// A MessagePort cannot cross the context bridge; only a window message takes it into the page's world.
ipcRenderer.on(hostChannels.port, (event, engine: number) =>
  window.postMessage({ type: portMarker, engine }, location.origin, event.ports),
)

const host: Host = {
  host: 'electron',
  connect: () => ipcRenderer.send(hostChannels.connect),
  onEngineState: (listener) => {
    const stop = on<EngineState>(hostChannels.state, listener)
    ipcRenderer.send(hostChannels.watchState)
    return stop
  },
  restartEngine: () => ipcRenderer.send(hostChannels.restart),
  recoverEngine: () => ipcRenderer.send(hostChannels.recover),
  onCommand: (listener) => on<HostCommand>(hostChannels.command, listener),
  chooseFolder: () => ipcRenderer.invoke(hostChannels.chooseFolder),
  chooseFile: (filters) => ipcRenderer.invoke(hostChannels.chooseFile, filters),
  chooseSave: (suggested, filters) => ipcRenderer.invoke(hostChannels.chooseSave, suggested, filters),
  // Before Electron 32 a file carried its path itself.
  pathOf: (file) => (webUtils ? webUtils.getPathForFile(file) : ((file as unknown as { path?: string }).path ?? '')),
  showInFolder: (path) => ipcRenderer.send(hostChannels.showInFolder, path),
}

// Chromium asks the shell about no address that needs no loading, such as about:blank: what leads out of this document is refused here. A
// reload, and
// files to be kept, go on.
window.navigation?.addEventListener(
  'navigate',
  (event) => {
    const { destination, downloadRequest } = event
    if (downloadRequest === null && !destination.sameDocument && !isThisPage(destination.url)) event.preventDefault()
  },
  { capture: true },
)

contextBridge.exposeInMainWorld(hostKey, host)
