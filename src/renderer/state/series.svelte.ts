import type { Series } from '../../shared/domain.ts'
import type { XKind } from '../charts/curve.ts'
import { seriesParts } from '../terms.ts'
import { call, connection } from './connection.svelte.ts'
import { Followed, perRun } from './perRun.svelte.ts'

/** One series in columns that grow in place: appending copies only when the room has run out. */
class Columns {
  length = 0
  #columns = [0, 1, 2, 3].map(() => new Float64Array(256))

  /** Adds the points that lie beyond the last one. */
  append(series: Series): void {
    const last = this.lastStep
    let start = 0
    while (start < series.step.length && series.step[start]! <= last) start++
    const added = series.step.length - start
    if (added === 0) return
    if (this.length + added > this.#columns[0]!.length) {
      const room = 2 * (this.length + added)
      this.#columns = this.#columns.map((column) => {
        const wider = new Float64Array(room)
        wider.set(column.subarray(0, this.length))
        return wider
      })
    }
    const parts = [series.step, series.epoch, series.seconds, series.value]
    parts.forEach((part, i) => this.#columns[i]!.set(part.subarray(start), this.length))
    this.length += added
  }

  get lastStep(): number {
    return this.length ? this.#columns[0]![this.length - 1]! : -Infinity
  }
  x(kind: XKind): Float64Array {
    return this.#columns[kind === 'step' ? 0 : kind === 'epoch' ? 1 : 2]!.subarray(0, this.length)
  }
  get value(): Float64Array {
    return this.#columns[3]!.subarray(0, this.length)
  }
}

/** Pause between two fetches of one run's new points, in milliseconds. */
const pause = 400

/** All series of one run, followed while somebody looks at them. */
class RunSeries extends Followed {
  /** Counts changes: read it where the columns are read. */
  version = $state(0)
  ready = $state(false)
  readonly columns = new Map<string, Columns>()
  /** By key what a series is measured on, in words. */
  readonly measuredOn = new Map<string, string>()
  #busy = false
  #dirty = false
  #whole = true
  #timer: ReturnType<typeof setTimeout> | undefined

  protected begin(): (() => void)[] {
    return [
      connection.onOpen(() => this.#ask(true)),
      connection.onEvent((event) => {
        // A resumed run goes back to its checkpoint: what was drawn beyond it is no longer true.
        if (event.type === 'points' && event.run === this.run) this.#ask(event.step < this.#lastStep)
      }),
      () => {
        clearTimeout(this.#timer)
        this.#timer = undefined
        this.#whole = true
      },
    ]
  }

  get #lastStep(): number {
    return Math.max(-Infinity, ...[...this.columns.values()].map((columns) => columns.lastStep))
  }

  /**
   * Step after which points may be new; undefined: anywhere. Series do not come in step: one epoch's validation may arrive
   * after the next epoch's first training points, and what is measured of its end (of a layer's stack, of the weights) after
   * its validation, at the same step.
   */
  get #knownTo(): number | undefined {
    const validated = Math.max(
      -1,
      ...[...this.columns].map(([key, columns]) => (seriesParts(key).set === 'validation' ? columns.lastStep : -1)),
    )
    return validated < 0 ? undefined : validated - 1
  }

  #ask(whole: boolean): void {
    this.#whole ||= whole
    if (this.#busy || this.#timer !== undefined) {
      this.#dirty = true
      return
    }
    void this.#fetch()
  }

  async #fetch(): Promise<void> {
    this.#busy = true
    this.#dirty = false
    const whole = this.#whole
    this.#whole = false
    const after = whole ? undefined : this.#knownTo
    try {
      const { series, measuredOn } = await call('runs.series', {
        run: this.run,
        ...(after === undefined ? {} : { afterStep: after }),
      })
      if (whole) this.columns.clear()
      for (const one of series) {
        let columns = this.columns.get(one.key)
        if (!columns) this.columns.set(one.key, (columns = new Columns()))
        columns.append(one)
      }
      for (const [key, words] of Object.entries(measuredOn)) this.measuredOn.set(key, words)
      this.ready = true
      this.version++
    } catch {
      // The next connection asks again; a removed run has nothing more to show.
      this.#whole = true
    }
    this.#busy = false
    if (this.isFollowed) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined
        if (this.#dirty) void this.#fetch()
      }, pause)
    }
  }
}

export const { of: seriesOf, follow: followSeries } = perRun((run) => new RunSeries(run))
