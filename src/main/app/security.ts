import { app, type IpcMainEvent, type IpcMainInvokeEvent, type Session, type WebContents } from 'electron'

export const scheme = 'workbench'
export const pageAddress = `${scheme}://app/index.html`

/** Whether an address belongs to the page that we ship. (Node gives our scheme no origin, so protocol and host are compared.) */
export function isOurs(address: string): boolean {
  try {
    const url = new URL(address)
    return url.protocol === `${scheme}:` && url.host === 'app'
  } catch {
    return false
  }
}

/** Whether an address is that of the page itself, wherever in it. */
function isPage(address: string): boolean {
  return isOurs(address) && new URL(address).pathname === '/index.html'
}

/** Whether a message comes from the main frame of our own page: nobody else has a say in the shell. */
export function isTrusted(event: IpcMainEvent | IpcMainInvokeEvent): boolean {
  const frame = event.senderFrame
  return frame !== null && frame !== undefined && frame === event.sender.mainFrame && isOurs(frame.url)
}

/** Nothing leaves this machine: only our own files, the developer tools and what the page holds in memory can be loaded. */
const allowed = new Set([`${scheme}:`, 'devtools:', 'blob:', 'data:'])

export function hardenSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
  session.setPermissionCheckHandler(() => false)
  session.setDevicePermissionHandler(() => false)
  session.setSpellCheckerEnabled(false)
  session.webRequest.onBeforeRequest((request, answer) => answer({ cancel: !allowed.has(new URL(request.url).protocol) }))
  // What the page itself holds (a table, a chart) may be kept; Electron asks the person where.
  session.on('will-download', (event, item) => {
    if (!item.getURL().startsWith(`blob:${scheme}://app/`)) event.preventDefault()
  })
}

function hardenContents(contents: WebContents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
  contents.on('will-attach-webview', (event) => event.preventDefault())
  // A reload arrives here too; it is the only way to go anywhere.
  const stay = (event: { preventDefault(): void }, address: string): void => {
    if (!isPage(address)) event.preventDefault()
  }
  contents.on('will-navigate', stay)
  contents.on('will-redirect', stay)
  // Chromium asks nobody about addresses that need no loading, such as about:blank. The preload refuses those; should one get by, it is
  // left at once.
  let arrived = false
  contents.on('did-navigate', (_event, address) => {
    if (isPage(address)) arrived = true
    else if (arrived) void contents.loadURL(pageAddress).catch(() => {})
  })
}

/** To be called before the app is ready. */
export function hardenApp(): void {
  // As root (in a container, say) Chromium runs only with --no-sandbox, and not with both.
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()
  // A second lock behind the request filter: no name is ever looked up, and Chromium's own services stay silent.
  app.commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND')
  app.commandLine.appendSwitch('disable-background-networking')
  app.commandLine.appendSwitch('disable-component-update')
  app.commandLine.appendSwitch('no-pings')
  app.on('session-created', hardenSession)
  app.on('web-contents-created', (_event, contents) => hardenContents(contents))
}
