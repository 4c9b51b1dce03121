import { BrowserWindow, Menu, Notification, Tray, app, powerSaveBlocker } from 'electron'
import type { ExperimentSummary, QueueState } from '../../shared/experiments.ts'
import type { EngineState } from '../../shared/host.ts'

/** What a person gets to react to the last notification before the workbench ends in the background, in ms. */
const lastWord = 10_000

export interface Attendant {
  /** null: no engine runs. */
  queue(queue: QueueState | null): void
  engineState(state: EngineState): void
  experimentEnded(experiment: ExperimentSummary): void
  /** The last window was closed: whether the workbench stays, without one, until the queue is empty. */
  stays(): boolean
  /** A window is open again. */
  windowOpened(): void
}

/**
 * What the shell does for what trains, as far as the queue's settings want it: keeps the machine awake, goes on without a
 * window until nothing is left to train, says by a notification of the system what nobody is looking at.
 */
export function attendQueue({ icon, openWindow }: { icon: string; openWindow(): void }): Attendant {
  let known: QueueState | null = null
  let blocker: number | null = null
  let tray: Tray | null = null
  let ending: NodeJS.Timeout | undefined
  /** One that is collected as garbage cannot be clicked. */
  const notifications = new Set<Notification>()

  const windows = (): BrowserWindow[] => BrowserWindow.getAllWindows()
  const show = (): void => {
    const window = windows()[0]
    if (!window) return openWindow()
    if (window.isMinimized()) window.restore()
    window.focus()
  }
  const notify = (title: string, body: string): void => {
    if (!Notification.isSupported()) return
    const notification = new Notification({ title, body, icon })
    notifications.add(notification)
    notification.on('click', show)
    notification.on('close', () => notifications.delete(notification))
    notification.show()
  }
  const isBusy = (): boolean => known !== null && known.running.length + known.waiting.length > 0

  const keepAwake = (): void => {
    const wanted = known !== null && known.settings.keepAwake && known.running.length > 0
    if (wanted && blocker === null) blocker = powerSaveBlocker.start('prevent-app-suspension')
    else if (!wanted && blocker !== null) {
      powerSaveBlocker.stop(blocker)
      blocker = null
    }
  }

  /** A sign of life while there is no window. Where the system has no place for it, starting the workbench again shows its window. */
  const showTray = (): void => {
    if (tray || process.platform === 'darwin') return
    try {
      tray = new Tray(icon)
      tray.setToolTip(`${app.name}: training goes on`)
      tray.setContextMenu(
        Menu.buildFromTemplate([
          { label: `Open ${app.name}`, click: show },
          { label: 'Pause training and quit', click: () => app.quit() },
        ]),
      )
      tray.on('click', show)
    } catch {
      tray = null
    }
  }
  const endSoon = (): void => {
    clearTimeout(ending)
    ending = setTimeout(
      () => {
        if (windows().length === 0 && !isBusy()) app.quit()
      },
      notifications.size > 0 ? lastWord : 0,
    )
  }

  return {
    queue(queue) {
      const before = isBusy()
      known = queue
      keepAwake()
      if (queue !== null && windows().length === 0 && before && !isBusy()) endSoon()
    },
    engineState({ state, message }) {
      if (state !== 'failed' || windows().length > 0 || !app.isReady()) return
      notify('Training has stopped', message)
      endSoon()
    },
    experimentEnded({ name, states, progress }) {
      if (BrowserWindow.getFocusedWindow()) return
      const others = progress.total - states.completed
      notify(
        `“${name}” has ended`,
        others === 0
          ? progress.total === 1
            ? 'Its run is completed.'
            : `All ${progress.total} runs are completed.`
          : `${states.completed} of ${progress.total} runs are completed; ${others} ${others === 1 ? 'is' : 'are'} not.`,
      )
    },
    stays() {
      if (!known?.settings.background || !isBusy()) return false
      showTray()
      notify('Training goes on', 'The workbench ends by itself when nothing is left to train. Start it again to see it.')
      return true
    },
    windowOpened() {
      clearTimeout(ending)
      tray?.destroy()
      tray = null
    },
  }
}
