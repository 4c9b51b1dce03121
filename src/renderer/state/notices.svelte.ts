import type { ExperimentSummary } from '../../shared/experiments.ts'
import { counted } from '../format.ts'
import { connection } from './connection.svelte.ts'
import { host } from './host.ts'
import { route, to } from './route.svelte.ts'
import { undo } from './undo.svelte.ts'

const key = 'notify'
const present = typeof Notification === 'function'

/** How an experiment came out, in one sentence. */
function endText({ name, states, progress }: Pick<ExperimentSummary, 'name' | 'states' | 'progress'>): string {
  const others = (
    [
      [states.failed, 'failed'],
      [states.diverged, 'diverged'],
      [states.cancelled, 'cancelled'],
    ] as const
  )
    .filter(([number]) => number > 0)
    .map(([number, word]) => `${number} ${word}`)
  return (
    `“${name}” has ended: ${states.completed} of ${counted(progress.total, 'run')} ` +
    `completed${others.length ? `, ${others.join(', ')}` : ''}.`
  )
}

/** Tells when an experiment ends: here where another view is open, and on the desktop if the user wants that and the browser lets it. */
class Notices {
  /** What the browser says; `unavailable` where there are no notifications, or they are forbidden from the start. */
  permission = $state<NotificationPermission | 'unavailable'>(
    present && (host === null || Notification.permission !== 'denied') ? Notification.permission : 'unavailable',
  )
  #wanted = $state(localStorage.getItem(key) === 'on')
  readonly desktop: boolean = $derived(this.#wanted && this.permission === 'granted')

  constructor() {
    connection.onEvent((event) => {
      if (event.type === 'experiment' && event.ended) this.#ended(event.experiment)
    })
  }

  /** Asks the browser, where it has not been asked. */
  async want(on: boolean): Promise<void> {
    this.#wanted = on
    if (on) localStorage.setItem(key, 'on')
    else localStorage.removeItem(key)
    if (on && present && this.permission === 'default') this.permission = await Notification.requestPermission()
  }

  #ended(experiment: ExperimentSummary): void {
    const text = endText(experiment)
    const show = (): void => route.go(to.experiment(experiment.id))
    if (route.view !== 'experiments' || route.id !== experiment.id) undo.tell(text, 'Show results', show)
    if (!this.desktop || document.hasFocus()) return
    const notification = new Notification('Autoencoder Workbench', { body: text, tag: experiment.id })
    notification.onclick = () => {
      window.focus()
      show()
      notification.close()
    }
  }
}

export const notices = new Notices()
