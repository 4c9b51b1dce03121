import { z } from 'zod'
import { WorkbenchError } from '../../../shared/errors.ts'
import { placeSchema, type Place } from '../../../shared/places.ts'
import type { ValueStore } from '../store/values.ts'
import { nothingYet, type PlaceState, type Submission } from './machine.ts'

const key = 'places'
const stateKey = (name: string): string => `place ${name}`

const submissionSchema = z.object({
  id: z.string(),
  folder: z.string(),
  tasks: z.array(z.array(z.string())),
  job: z.string().nullable(),
  refused: z.boolean().default(false),
  at: z.number(),
  throttle: z.int().nullable(),
  gone: z.record(z.string(), z.number()),
  ended: z.record(z.string(), z.string()),
})
const stateSchema = z.object({
  submissions: z.array(submissionSchema),
  tries: z.record(z.string(), z.object({ times: z.int(), heard: z.number() })),
})

/** The places of a home and what was decided for them, as the database keeps them. */
export class KeptPlaces {
  readonly #values: ValueStore

  constructor(values: ValueStore) {
    this.#values = values
  }

  /** In the order in which they were added. One of a newer version that this one does not understand stays, and is left out here. */
  list(): Place[] {
    return this.#raw().flatMap((each) => placeSchema.safeParse(each).data ?? [])
  }

  /** Undefined where there is none. */
  find(name: string): Place | undefined {
    return this.list().find((each) => each.name === name)
  }

  /** @throws WorkbenchError PLACE_UNKNOWN */
  get(name: string): Place {
    const found = this.find(name)
    if (found !== undefined) return found
    const names = this.list().map((each) => `“${each.name}”`)
    throw new WorkbenchError(
      'PLACE_UNKNOWN',
      `There is no place “${name}”; ${names.length === 0 ? 'add one with “places add”' : `there is ${names.join(', ')}`}.`,
      { field: 'place' },
    )
  }

  /** Adds one, or changes the one of its name. */
  put(place: Place): void {
    const all = this.#raw(),
      at = all.findIndex((each) => nameOf(each) === place.name)
    this.#values.set(key, at < 0 ? [...all, place] : all.with(at, place))
  }

  remove(name: string): void {
    this.#values.set(
      key,
      this.#raw().filter((each) => nameOf(each) !== name),
    )
    this.#values.set(stateKey(name), nothingYet)
  }

  state(name: string): PlaceState {
    return stateSchema.safeParse(this.#values.get(stateKey(name))).data ?? nothingYet
  }

  /** Stores what became of one submission. */
  change(name: string, id: string, change: Partial<Submission>): void {
    const state = this.state(name)
    this.putState(name, {
      ...state,
      submissions: state.submissions.map((each) => (each.id === id ? { ...each, ...change } : each)),
    })
  }

  putState(name: string, state: PlaceState): void {
    this.#values.set(stateKey(name), state)
  }

  #raw(): unknown[] {
    const stored = this.#values.get(key)
    return Array.isArray(stored) ? (stored as unknown[]) : []
  }
}

const nameOf = (place: unknown): unknown => (place as { name?: unknown } | null)?.name
