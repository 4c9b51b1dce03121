import { BrowserWindow, app, ipcMain, session } from 'electron'
import { join, resolve } from 'node:path'
import { hostChannels, type EngineState } from '../shared/host.ts'
import { attendQueue } from './app/attend.ts'
import { offerDialogs } from './app/dialogs.ts'
import { hostEngine } from './app/engine.ts'
import { followEngine, ownPort } from './app/follow.ts'
import { setMenu } from './app/menu.ts'
import { findPaths } from './app/paths.ts'
import { registerScheme, servePage } from './app/protocol.ts'
import { relayFrames } from './app/relay.ts'
import { hardenApp, hardenSession, isTrusted } from './app/security.ts'
import { openWindow } from './app/window.ts'

/** `--home DIR` or `--home=DIR`: where everything is kept; undefined: the engine's own default. */
function homeFrom(words: string[]): string | undefined {
  const at = words.indexOf('--home')
  const value = at >= 0 ? words[at + 1] : words.find((word) => word.startsWith('--home='))?.slice('--home='.length)
  return value ? resolve(value) : undefined
}

function start(home: string | undefined): void {
  const paths = findPaths()
  const tell = (state: EngineState): void => {
    relay.engineState(state)
    follower.engineState(state)
    attendant.engineState(state)
    for (const window of BrowserWindow.getAllWindows()) window.webContents.send(hostChannels.state, state)
  }
  const engine = hostEngine({
    node: paths.node,
    entry: paths.engineEntry,
    arguments: home === undefined ? [] : ['--home', home],
    cwd: paths.engineRoot,
    onState: tell,
    onFrame: (port, payload) => (port === ownPort ? follower.fromEngine(payload) : relay.fromEngine(port, payload)),
    onText: (text) => process.stderr.write(text),
  })
  const relay = relayFrames(() => engine)
  const open = (): void => {
    openWindow(paths)
    attendant.windowOpened()
  }
  const attendant = attendQueue({ icon: paths.icon, openWindow: open })
  const follower = followEngine({
    send: (payload) => engine.send(ownPort, payload),
    onQueue: attendant.queue,
    onExperimentEnded: attendant.experimentEnded,
  })
  let quitting = false
  let wantedAgain = false

  ipcMain.on(hostChannels.connect, (event) => {
    if (isTrusted(event)) relay.connect(event.sender)
  })
  ipcMain.on(hostChannels.watchState, (event) => {
    if (isTrusted(event)) event.sender.send(hostChannels.state, engine.state)
  })
  ipcMain.on(hostChannels.restart, (event) => {
    if (isTrusted(event)) engine.start()
  })
  ipcMain.on(hostChannels.recover, (event) => {
    if (isTrusted(event)) engine.recover()
  })
  offerDialogs()

  app.on('second-instance', () => {
    const window = BrowserWindow.getAllWindows()[0]
    // Runs are still being paused: open anew as soon as they are.
    if (quitting) wantedAgain = true
    else if (!window) open()
    else {
      if (window.isMinimized()) window.restore()
      window.focus()
    }
  })
  app.on('window-all-closed', () => {
    if (quitting || !attendant.stays()) app.quit()
  })
  // A click on the icon in the dock, where there is no window.
  app.on('activate', () => {
    if (app.isReady() && !quitting && BrowserWindow.getAllWindows().length === 0) open()
  })
  app.on('will-quit', (event) => {
    if (quitting) return
    quitting = true
    event.preventDefault()
    session.defaultSession.flushStorageData()
    void engine.stop().finally(() => {
      if (wantedAgain) app.relaunch()
      app.exit(0)
    })
  })
  // A system that shuts down or a Ctrl+C in the terminal: the same gentle way out.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => app.quit())

  engine.start()
  void app.whenReady().then(() => {
    hardenSession(session.defaultSession)
    servePage(paths.renderer)
    setMenu()
    open()
  })
}

const home = homeFrom(process.argv)
app.setName('Autoencoder Workbench')
// One workbench a home folder: what the shell remembers lies there too, and with it the lock.
app.setPath('userData', home === undefined ? join(app.getPath('appData'), 'autoencoder-workbench', 'window') : join(home, 'window'))
if (app.requestSingleInstanceLock()) {
  registerScheme()
  hardenApp()
  start(home)
} else {
  app.exit(0)
}
