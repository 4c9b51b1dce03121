import { isDownloaded } from '../../shared/downloads.ts'
import type { Export } from '../../shared/domain.ts'
import { Collection, newest } from './collection.svelte.ts'
import { call } from './connection.svelte.ts'

class Exports extends Collection<Export> {
  readonly list = $derived(newest(this.byId.values(), (item) => item.createdAt))

  constructor() {
    super(
      async () => (await call('exports.list', {})).exports,
      (event, exports) => {
        if (event.type !== 'export') return
        // A file that was replaced is listed once.
        for (const { id, file } of [...exports.byId.values()])
          if (file === event.export.file && !isDownloaded(file) && id !== event.export.id) exports.drop(id)
        exports.put(event.export)
      },
    )
  }
}

export const exports = new Exports()
