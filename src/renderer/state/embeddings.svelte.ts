import type { Embedding } from '../../shared/embeddings.ts'
import { Collection, newest } from './collection.svelte.ts'
import { call } from './connection.svelte.ts'

class Embeddings extends Collection<Embedding> {
  readonly list = $derived(newest(this.byId.values(), (item) => item.createdAt))

  constructor() {
    super(
      async () => (await call('embeddings.list', {})).embeddings,
      (event, embeddings) => {
        if (event.type === 'embedding') embeddings.put(event.embedding)
        else if (event.type === 'embeddingRemoved') embeddings.drop(event.embedding)
      },
    )
  }
}

export const embeddings = new Embeddings()
