import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { replacePrivately } from '../files/durable.ts'

/** How long a browser gets to start and read the file, in milliseconds. */
const patience = 60_000

const page = (url: string): string => `<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<title>Autoencoder Workbench</title>
<meta http-equiv="refresh" content="0; url=${url}">
<p><a href="${url}">Open the workbench</a></p>
`

const fileIn = (folder: string): string => join(folder, 'open.html')

/**
 * Opens the workbench's page in the user's browser. The command line of a program is there for every user of the machine to read, so it
 * holds the path of a file that only this user may read, which leads on to the address with its token.
 * @param opened resolves when the page was asked for
 * @returns removes the file, if it is still there
 */
export function openInBrowser(folder: string, url: string, opened: Promise<void>): () => void {
  const file = fileIn(folder)
  const remove = () => rmSync(file, { force: true })
  replacePrivately(file, page(url))
  const { href } = pathToFileURL(file)
  const [command, args] =
    process.platform === 'darwin'
      ? (['open', [href]] as const)
      : process.platform === 'win32'
        ? (['rundll32', ['url.dll,FileProtocolHandler', href]] as const)
        : (['xdg-open', [href]] as const)
  // Where no browser can be opened, the printed address is enough.
  spawn(command, args, { stdio: 'ignore', detached: true }).on('error', remove).unref()
  const late = setTimeout(remove, patience).unref()
  const end = () => {
    clearTimeout(late)
    remove()
  }
  void opened.then(end)
  return end
}

/** Removes what an end by force left behind. */
export const removeOpening = (folder: string): void => rmSync(fileIn(folder), { force: true })
