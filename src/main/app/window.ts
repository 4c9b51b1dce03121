import { BrowserWindow, app, nativeTheme, screen } from 'electron'
import { join } from 'node:path'
import type { Paths } from './paths.ts'
import { pageAddress } from './security.ts'
import { readWindowState, smallestWindow, writeWindowState } from './windowState.ts'

/** Opens the workbench's window where it was last, and shows it once there is something to see. */
export function openWindow(paths: Paths): BrowserWindow {
  const file = join(app.getPath('userData'), 'window.json')
  const remembered = readWindowState(
    file,
    screen.getAllDisplays().map((display) => display.workArea),
  )
  const { width, height } = screen.getPrimaryDisplay().workArea
  const window = new BrowserWindow({
    ...(remembered ?? { width: Math.min(1440, width), height: Math.min(960, height) }),
    minWidth: smallestWindow.width,
    minHeight: smallestWindow.height,
    show: false,
    title: app.name,
    icon: paths.icon,
    // The page's own paper, so that nothing flashes before it is drawn.
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#17181b' : '#fcfcfa',
    webPreferences: {
      preload: paths.preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools: !app.isPackaged,
    },
  })
  if (remembered?.maximised) window.maximize()
  window.once('ready-to-show', () => window.show())
  window.on('close', () => writeWindowState(file, { ...window.getNormalBounds(), maximised: window.isMaximized() }))
  void window.loadURL(pageAddress)
  return window
}
