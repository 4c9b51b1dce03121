import type { PlaceView } from '../../shared/places.ts'
import { Collection } from './collection.svelte.ts'
import { call } from './connection.svelte.ts'

/** A place by its name. */
type PlaceItem = PlaceView & { id: string }

const item = (view: PlaceView): PlaceItem => ({ ...view, id: view.place.name })

/** Where runs are trained beside this machine. */
class Places extends Collection<PlaceItem> {
  /** In the order in which they were added. */
  readonly list = $derived([...this.byId.values()])

  constructor() {
    super(
      async () => (await call('places.list', {})).places.map(item),
      (event, places) => {
        if (event.type === 'place') places.put(item(event.place))
        else if (event.type === 'placeRemoved') places.drop(event.place)
      },
    )
  }

  /** What a call has answered with is here at once. */
  take(view: PlaceView): void {
    this.put(item(view))
  }
}

export const places = new Places()
