import { call } from '../../state/connection.svelte.ts'
import { host } from '../../state/host.ts'
import type { TableColumn } from './columns.ts'
import { tableTexts } from './texts.ts'
import type { Item } from './rows.ts'

/** Hands a text to the browser as a file. */
function download(name: string, text: string, type: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  Object.assign(link, { href: address, download: name })
  link.click()
  // The browser has taken hold of it by then.
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}

/** The table as it is shown, as CSV: where a dialog says in the desktop window, else as a download. */
export async function saveTable(items: readonly Item[], columns: readonly TableColumn[]): Promise<void> {
  const table = tableTexts(items, columns)
  if (!host) {
    const { export: made } = await call('tables.csv', table)
    return download(made.name, made.text ?? '', made.type)
  }
  const out = await host.chooseSave('runs.csv', [{ name: 'CSV', extensions: ['csv'] }])
  // The dialog has asked before replacing a file.
  if (out) await call('tables.csv', { ...table, out, force: true })
}
