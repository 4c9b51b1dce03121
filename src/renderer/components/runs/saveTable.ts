import { call } from '../../state/connection.svelte.ts'
import { csvMark } from '../../state/csvMark.svelte.ts'
import { saveFile } from '../../state/saveFile.ts'
import type { TableColumn } from './columns.ts'
import type { Item } from './rows.ts'
import { tableTexts } from './texts.ts'

/** The table as it is shown, as CSV. */
export async function saveTable(items: readonly Item[], columns: readonly TableColumn[]): Promise<void> {
  const { text } = await call('tables.csv', { ...tableTexts(items, columns), bom: csvMark.on })
  saveFile('runs.csv', new Blob([text], { type: 'text/csv;charset=utf-8' }))
}
