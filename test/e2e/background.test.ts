import assert from 'node:assert/strict'
import { once } from 'node:events'
import { isAlive, until, windowTest, type OpenWindow, socketOf } from './launchElectron.ts'

/** What the test leaves in the shell's process. */
type Shell = { shown: { title: string; body: string }[] }

const windowsOf = ({ app }: OpenWindow) => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)
const isAwake = ({ app }: OpenWindow) =>
  app.evaluate(({ powerSaveBlocker }) => Array.from({ length: 20 }, (_, id) => id).some((id) => powerSaveBlocker.isStarted(id)))
const closeWindow = ({ app }: OpenWindow) => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close())

windowTest(
  'training goes on without a window where that is wanted, keeps the machine awake, says when it is done, and then the workbench ends',
  async ({ home, open, openAgain }) => {
    const opened = await open()
    const { app } = opened
    await opened.page.getByRole('heading', { name: 'Begin with images' }).waitFor()
    await app.evaluate(({ Notification }) => {
      const shell = process as unknown as Shell
      shell.shown = []
      // Here there may be nobody to show them; what listens to a click was made to be shown.
      const { on } = Notification.prototype
      Notification.isSupported = () => true
      Notification.prototype.on = function heard(this: Electron.Notification, ...given: Parameters<typeof on>) {
        if (String(given[0]) === 'click') shell.shown.push({ title: this.title, body: this.body })
        return on.apply(this, given)
      } as typeof on
    })
    const remote = await socketOf(home)
    const { call } = remote
    const imported = await call('datasets.import', { path: 'moons', name: 'moons', count: 300 })
    await until('the import', async () => (await call('tasks.show', { task: imported.task.id })).task.state === 'done')
    assert.equal(await isAwake(opened), false)
    const plan = (name: string, epochs: number) => ({
      name,
      dataset: 'moons',
      seeds: [1],
      settings: { 'network.layers': [4, 2], 'training.epochs': epochs, 'training.batchSize': 32 },
      variants: [{ variant: 'classical' }],
    })
    await call('queue.settings', { background: true })
    const { experiment: long } = await call('experiments.create', { plan: plan('long', 100_000) })
    const run = long.cells[0]!.runs[0]!.run!
    await until('the training', async () => (await call('runs.show', { run })).run.progress !== null)
    await until('the machine to stay awake', () => isAwake(opened))
    await call('queue.settings', { keepAwake: false })
    await until('the machine to be free to sleep', async () => !(await isAwake(opened)))

    const { pid } = opened.engine()!
    await closeWindow(opened)
    await until('no window', async () => (await windowsOf(opened)) === 0)
    // The window is gone before the shell has said so.
    const said = async (title: string) =>
      (await app.evaluate(() => (process as unknown as Shell).shown)).find((one) => one.title === title)
    await until('the notification', () => said('Training goes on'))
    const before = (await call('runs.show', { run })).run.step
    await until('more steps', async () => (await call('runs.show', { run })).run.step > before)
    assert.equal(await openAgain(), 0)
    await until('the window', async () => (await windowsOf(opened)) === 1)

    await closeWindow(opened)
    await until('no window', async () => (await windowsOf(opened)) === 0)
    // A second experiment waits; the first one is cancelled, so the other comes to its end with nobody looking.
    await call('experiments.create', { plan: plan('short', 2) })
    const gone = once(app.process(), 'exit')
    await call('experiments.cancel', { experiment: 'long' })
    assert.equal((await until('the notification', () => said('“short” has ended'))).body, 'Its run is completed.')
    await gone
    await until('the engine to end', () => !isAlive(pid))
    remote.close()
  },
)
