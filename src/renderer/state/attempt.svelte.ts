import { toErrorInfo, type ErrorInfo } from '../../shared/errors.ts'

/** Something that a window asks for and that may be refused: whether it is on its way, and why it was refused. */
export class Attempt {
  busy = $state(false)
  error = $state.raw<ErrorInfo | null>(null)

  /** Carries it out; while it is on its way nothing more is asked. */
  async make(action: () => Promise<void>): Promise<void> {
    if (this.busy) return
    this.busy = true
    this.error = null
    try {
      await action()
    } catch (thrown) {
      this.error = toErrorInfo(thrown)
    } finally {
      this.busy = false
    }
  }
}
