import { BrowserWindow, dialog, ipcMain, shell, type IpcMainInvokeEvent } from 'electron'
import { existsSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { hostChannels, type FileFilter } from '../../shared/host.ts'
import { isTrusted } from './security.ts'

const isText = (value: unknown): value is string => typeof value === 'string' && value.length > 0 && value.length < 4096

/** Filters as the dialogs want them, whatever the page sent. */
function filtersFrom(value: unknown): FileFilter[] {
  if (!Array.isArray(value)) return []
  return value.slice(0, 16).flatMap((filter: unknown) => {
    const { name, extensions } = (filter ?? {}) as { name?: unknown; extensions?: unknown }
    return isText(name) && Array.isArray(extensions) ? [{ name, extensions: extensions.filter(isText) }] : []
  })
}

/** Answers our own page; anybody else's call is rejected. */
function answer(channel: string, handler: (window: BrowserWindow, ...values: unknown[]) => Promise<string | null>): void {
  ipcMain.handle(channel, (event: IpcMainInvokeEvent, ...values: unknown[]) => {
    const window = BrowserWindow.fromWebContents(event.sender)
    if (!isTrusted(event) || !window) throw new Error('Refused.')
    return handler(window, ...values)
  })
}

/** Lets the page ask the person for a folder or a file. */
export function offerDialogs(): void {
  answer(hostChannels.chooseFolder, async (window) => {
    const { canceled, filePaths } = await dialog.showOpenDialog(window, { properties: ['openDirectory'] })
    return canceled ? null : (filePaths[0] ?? null)
  })
  answer(hostChannels.chooseFile, async (window, filters) => {
    const { canceled, filePaths } = await dialog.showOpenDialog(window, { properties: ['openFile'], filters: filtersFrom(filters) })
    return canceled ? null : (filePaths[0] ?? null)
  })
  answer(hostChannels.chooseSave, async (window, suggested, filters) => {
    const { canceled, filePath } = await dialog.showSaveDialog(window, {
      ...(isText(suggested) ? { defaultPath: suggested } : {}),
      filters: filtersFrom(filters),
      properties: ['createDirectory', 'showOverwriteConfirmation'],
    })
    return canceled || !filePath ? null : filePath
  })
  ipcMain.on(hostChannels.showInFolder, (event, path: unknown) => {
    if (isTrusted(event) && isText(path) && isAbsolute(path) && existsSync(path)) shell.showItemInFolder(path)
  })
}
