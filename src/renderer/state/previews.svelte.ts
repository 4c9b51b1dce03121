import type { CallOutput } from '../../shared/calls.ts'
import type { Images, Points, Preview } from '../../shared/domain.ts'
import { SvelteMap } from 'svelte/reactivity'
import { call, connection } from './connection.svelte.ts'
import { Followed, perRun } from './perRun.svelte.ts'

type Moment = CallOutput<'runs.moments'>['moments'][number]

/** A run's previews: what it made of the same test images at several moments. Fetched when asked for, then kept. */
class RunPreviews extends Followed {
  moments = $state.raw<Moment[]>([])
  /** The dataset's preview images, the same for every run on it; null for data that are not images. */
  originals = $state.raw<Images | null>(null)
  /** The dataset's preview points, for rows of two values; else null. */
  points = $state.raw<Points | null>(null)
  labels = $state.raw<string[]>([])
  ready = $state(false)
  readonly #previews = new SvelteMap<number, Preview>()
  readonly #asked = new Set<number>()

  protected begin(): (() => void)[] {
    return [
      connection.onOpen(() => void this.#load()),
      connection.onEvent((event) => {
        if (event.type !== 'moment' || event.run !== this.run) return
        const last = this.moments.at(-1)
        // Snapshots are thinned out and a resumed run goes back: the list as a whole is the engine's to say.
        if ((!this.originals && !this.points) || (last && event.step <= last.step) || this.moments.length >= 20) void this.#load()
        else this.moments = [...this.moments, { step: event.step, epoch: event.epoch }]
      }),
    ]
  }

  /** The preview at a step once it is here; asks for it if need be. To be called where it is drawn. */
  at(step: number): Preview | null {
    const preview = this.#previews.get(step)
    if (preview) return preview
    if (!this.#asked.has(step)) {
      this.#asked.add(step)
      call('runs.preview', { run: this.run, step }).then(
        (answer) => {
          this.#previews.set(step, answer.preview)
        },
        () => {
          this.#asked.delete(step)
        },
      )
    }
    return null
  }

  async #load(): Promise<void> {
    try {
      const answer = await call('runs.moments', { run: this.run })
      const went = this.moments.length > 0 && (answer.moments.at(-1)?.step ?? -1) < this.moments.at(-1)!.step
      if (went) {
        this.#previews.clear()
        this.#asked.clear()
      }
      this.moments = answer.moments
      this.originals = answer.originals
      this.points = answer.points
      this.labels = answer.labels
      this.ready = true
    } catch {
      // The next connection asks again.
    }
  }
}

export const { of: previewsOf, follow: followPreviews } = perRun((run) => new RunPreviews(run))
