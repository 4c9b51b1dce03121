import type { Images } from '../../../shared/domain.ts'
import type { ResultOf } from '../../../shared/answers.ts'
import type { Pictures } from '../../../shared/questions.ts'

/** A chain as far as it has been asked for: answers that go on from each other. */
export interface Film {
  /** Numbers of the steps that are shown. */
  steps: Int32Array
  chains: number
  /** Where each state's pictures are: of which answer, and from which place on. */
  at: readonly { part: number; first: number }[]
  pictures: readonly Pictures[]
  last: Float32Array<ArrayBuffer>
  step: number
}

/** What is drawn of a film. */
export interface FilmView {
  film: Film
  /** Index of the state that is looked at. */
  at: number
  label: string
  colour: string
}

/** Answers that belong together, the first one from the beginning, as one film. */
export function filmOf(parts: readonly ResultOf<'chain'>[]): Film | null {
  const [first] = parts,
    end = parts.at(-1)
  if (!first || !end) return null
  return {
    steps: Int32Array.from(parts.flatMap(({ shown }) => Array.from(shown))),
    chains: first.chains,
    pictures: parts.map(({ pictures }) => pictures),
    last: end.last,
    step: end.step,
    at: parts.flatMap(({ shown, chains }, part) => Array.from(shown, (_, i) => ({ part, first: i * chains }))),
  }
}

/** The images of one state, all chains. */
export function stateImages(film: Film, state: number): Images | null {
  const place = film.at[state],
    images = place && film.pictures[place.part]?.images
  if (!place || !images) return null
  const size = images.width * images.height * images.channels
  return { ...images, count: film.chains, pixels: images.pixels.subarray(place.first * size, (place.first + film.chains) * size) }
}

/** The way of one chain through the plane up to a state: x, y, x, y, ... */
export function trail(film: Film, chain: number, state: number): Float32Array {
  const out = new Float32Array(2 * (state + 1))
  for (let i = 0; i <= state; i++) {
    const place = film.at[i],
      points = place && film.pictures[place.part]?.points
    if (!place || !points) continue
    out[2 * i] = points.values[2 * (place.first + chain)]!
    out[2 * i + 1] = points.values[2 * (place.first + chain) + 1]!
  }
  return out
}

/**
 * The first of the states that are in sight together with one of them, where so many fit: like pages, so that nothing moves at
 * every step.
 */
export const firstInSight = (state: number, fitting: number): number =>
  Math.floor(state / Math.max(1, fitting)) * Math.max(1, fitting)
