import { untrack } from 'svelte'
import type { Progress } from '../../../shared/domain.ts'
import { toErrorInfo, type ErrorInfo } from '../../../shared/errors.ts'
import type { ImportPreview } from '../../../shared/inspection.ts'
import { call, connection } from '../../state/connection.svelte.ts'
import type { ImportChoices, ImportInput } from './importChoices.svelte.ts'

/** A moment after the last key, in milliseconds. */
const pause = 250
/** How many images are shown as they would be stored. */
const shownImages = 8
/** And how many by each fit. */
const fittedImages = 3
let views = 0

/** Asks the engine what an import would make of what is chosen, and for some of its images, again with each choice. */
export class Inspecting {
  readonly #choices: ImportChoices
  readonly #view = `import form ${views++} ${Date.now()}`
  /** Under way, and what it was for. */
  looking = $state(false)
  progress = $state.raw<Progress | null>(null)
  error = $state.raw<ErrorInfo | null>(null)
  /** What was asked for last and answered, as text: what is told belongs to it. */
  #answered = $state('')
  #asked = ''
  preview = $state.raw<ImportPreview | null>(null)
  previewError = $state.raw<ErrorInfo | null>(null)
  /** What the shown images are of: what was asked, and the draw. */
  #shown = $state('')
  /** The same few images by each fit, where they are not of the shape that is stored; and what they are of, whatever the fit. */
  fitted = $state.raw<ImportPreview['fitted']>([])
  #fittedOf = $state('')
  /** By which the shown images are chosen. */
  draw = $state(1)

  constructor(choices: ImportChoices) {
    this.#choices = choices
  }

  /** Whether what is told is of what is chosen now. */
  get current(): boolean {
    const { question } = this.#choices
    return question !== null && question === this.#answered
  }

  /** Whether the shown images are of what is chosen now. */
  get shown(): boolean {
    return this.current && this.#shown === this.#drawn(this.#answered)
  }

  /** Whether those by each fit are: which of them is chosen does not matter. */
  get fittedShown(): boolean {
    const { input } = this.#choices
    return input !== null && this.#fittedOf === this.#drawn(JSON.stringify({ ...input, fit: undefined }))
  }

  #drawn(question: string): string {
    return `${this.draw} ${question}`
  }

  /** Follows the choices; to be called while a component is made. */
  follow(): void {
    let path = ''
    $effect(() => {
      const { question } = this.#choices,
        typed = this.#choices.path.trim()
      void connection.generation
      untrack(() => {
        if (typed !== path) {
          path = typed
          this.#answered = ''
          this.preview = null
          this.previewError = null
          this.fitted = []
          this.#shown = this.#fittedOf = ''
        }
        this.error = null
      })
      if (question === null) {
        untrack(() => {
          this.#stop()
          if (!typed) this.#choices.found = null
        })
        return
      }
      if (untrack(() => this.#answered) === question) {
        untrack(() => this.#stop())
        return
      }
      const timer = setTimeout(() => {
        if (this.#choices.input) void this.#look(this.#choices.input)
      }, pause)
      return () => clearTimeout(timer)
    })
    $effect(() => {
      const { draw, current } = this
      if (!current) return
      untrack(() => {
        const { found, input } = this.#choices
        // Of a dataset that is here already patches are shown, once they are asked for.
        const none = found === null || !found.images || found.problem !== null || (found.kind === 'dataset' && !input?.patches)
        if (!none && input) void this.#show(input, draw)
      })
    })
    $effect(() =>
      connection.onEvent((event) => {
        if (event.type === 'inspection' && event.view === this.#view) this.progress = event.progress
      }),
    )
    $effect(() => () => {
      this.#stop()
      // The form is gone: what is still to come is of nothing that is asked any more.
      this.#answered = ''
    })
  }

  #stop(): void {
    this.#asked = ''
    if (this.looking) void call('datasets.stopInspecting', { view: this.#view }).catch(() => {})
    this.looking = false
    this.progress = null
  }

  async #look(input: ImportInput): Promise<void> {
    const asked = JSON.stringify(input)
    this.#asked = asked
    this.looking = true
    try {
      const found = await call('datasets.inspect', { ...input, view: this.#view })
      if (asked !== this.#asked) return
      this.#answered = asked
      this.#choices.found = found
      this.#choices.foundPath = input.path
      if (!input.patches) this.#choices.source = found
      this.error = null
    } catch (thrown) {
      if (asked !== this.#asked) return
      const error = toErrorInfo(thrown)
      if (error.code === 'CANCELLED') return
      this.#answered = ''
      // Only where the path alone is refused there is nothing to choose.
      if (asked === JSON.stringify({ path: input.path })) this.#choices.found = null
      this.error = { ...error, field: error.field ?? 'path' }
    } finally {
      if (asked === this.#asked) {
        this.looking = false
        this.progress = null
      }
    }
  }

  async #show(input: ImportInput, draw: number): Promise<void> {
    const asked = this.#answered,
      fitted = this.#choices.reshaped && !this.fittedShown ? fittedImages : 0,
      fittedOf = this.#drawn(JSON.stringify({ ...input, fit: undefined })),
      passed = (): boolean => asked !== this.#answered || draw !== this.draw
    try {
      const preview = await call('datasets.preview', {
        ...input,
        view: this.#view,
        draw,
        images: shownImages,
        fitted,
        side: 128,
      })
      if (passed()) return
      this.preview = preview
      this.previewError = null
      if (fitted > 0) this.fitted = preview.fitted
    } catch (thrown) {
      const error = toErrorInfo(thrown)
      if (error.code === 'CANCELLED' || passed()) return
      this.preview = null
      this.previewError = error
      if (fitted > 0) this.fitted = []
    }
    this.#shown = this.#drawn(asked)
    if (fitted > 0) this.#fittedOf = fittedOf
  }
}
