import { call, connection } from './connection.svelte.ts'
import { route, to } from './route.svelte.ts'
import { undo } from './undo.svelte.ts'

/** What the engine removed at its start, because it had been cut off: said once, in the first window. */
connection.onOpen(() => {
  void call('engine.recovered', {}).then(
    ({ recovered }) => {
      if (recovered !== null) undo.tell(recovered.sentence, 'Storage', () => route.go(to.storage()))
    },
    () => {},
  )
})
