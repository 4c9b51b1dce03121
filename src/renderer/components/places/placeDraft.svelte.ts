import { mostOf } from '../../../shared/placeRules.ts'
import type { Place, PlaceInput } from '../../../shared/places.ts'
import { linesOf, lists, placeFields, placeProblem, type PlaceField } from './placeFields.ts'

const needed: readonly PlaceField[] = ['name', 'folder', 'host']

/** A place that is being added or changed, as it is typed. */
export class PlaceDraft {
  kind = $state<Place['kind']>('slurm')
  /** At a host: who takes the tasks. */
  scheduler = $state<NonNullable<Place['scheduler']>>('auto')
  readonly texts = $state(Object.fromEntries(Object.keys(placeFields).map((field) => [field, ''])) as Record<PlaceField, string>)
  /** Whether something beyond what is needed stands there. */
  readonly hasMore: boolean

  constructor(place: Place | null) {
    if (place !== null) {
      this.kind = place.kind
      this.scheduler = place.scheduler ?? 'auto'
      for (const field of Object.keys(placeFields) as PlaceField[]) {
        const value = place[field]
        this.texts[field] = Array.isArray(value) ? value.join('\n') : String(value ?? '')
      }
    }
    const more: PlaceField[] = ['runsPerJob', 'jobs', 'extra', 'before', 'container']
    this.hasMore = more.some((field) => this.texts[field] !== '')
  }

  problem(field: PlaceField): string | null {
    return field === 'host' && this.kind !== 'ssh' ? null : placeProblem(field, this.texts[field])
  }

  /** The place; null while something is wrong or missing. */
  get place(): PlaceInput | null {
    const fields = (Object.keys(placeFields) as PlaceField[]).filter((field) => field !== 'host' || this.kind === 'ssh')
    if (fields.some((field) => this.problem(field) !== null || (needed.includes(field) && this.texts[field].trim() === '')))
      return null
    const values = fields.flatMap((field): [string, unknown][] => {
      const typed = this.texts[field],
        text = typed.trim()
      if (lists.includes(field)) return [[field, linesOf(typed)]]
      if (text === '') return []
      return [[field, field in mostOf ? Number(text) : text]]
    })
    const scheduler = this.kind === 'ssh' && this.scheduler !== 'auto' ? { scheduler: this.scheduler } : {}
    return { kind: this.kind, ...scheduler, ...Object.fromEntries(values) } as PlaceInput
  }
}
