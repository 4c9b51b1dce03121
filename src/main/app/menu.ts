import { BrowserWindow, Menu, app, type MenuItemConstructorOptions } from 'electron'
import { hostChannels, type HostCommand } from '../../shared/host.ts'

/** Sends a command to the window in front (or the only one, where the menu took the focus). */
function ask(command: HostCommand): void {
  const window = BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0]
  window?.webContents.send(hostChannels.command, command)
}

/** File, Edit, View and Help, with the platform's own items in their usual places. */
export function setMenu(): void {
  const mac = process.platform === 'darwin'
  const tools: MenuItemConstructorOptions[] = app.isPackaged ? [] : [{ role: 'toggleDevTools' }]
  const template: MenuItemConstructorOptions[] = [
    ...(mac ? [{ role: 'appMenu' } as const] : []),
    {
      label: '&File',
      submenu: [
        { label: 'Import images…', accelerator: 'CmdOrCtrl+O', click: () => ask('importImages') },
        { label: 'New run…', accelerator: 'CmdOrCtrl+N', click: () => ask('newRun') },
        { type: 'separator' },
        mac ? { role: 'close' } : { role: 'quit' },
      ],
    },
    { role: 'editMenu' },
    {
      label: '&View',
      submenu: [
        { role: 'reload' },
        ...tools,
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
      ],
    },
    ...(mac ? [{ role: 'windowMenu' } as const] : []),
    { role: 'help', label: '&Help', submenu: [{ label: `About ${app.name}`, click: () => app.showAboutPanel() }] },
  ]
  Menu.setApplicationMenu(Menu.buildFromTemplate(template))
  app.setAboutPanelOptions({
    applicationName: app.name,
    applicationVersion: app.getVersion(),
    copyright: 'Compare autoencoder regularizers offline. Nothing leaves this machine.',
  })
}
