import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { hasSlurm, startCluster } from '../fixtures/slurm.ts'
import { barriers, browserTest } from './launchChromium.ts'
import { go, heading, importShapes } from './pages.ts'
import { settles } from './settles.ts'

const enabled = (button: Locator): Locator => button.and(button.page().locator(':enabled'))
const button = (page: Page, name: string): Locator => enabled(page.getByRole('button', { name, exact: true }))

browserTest(
  'a cluster is added, chosen for an experiment, read, watched, and its runs compared',
  async ({ folder, serve, open }, t) => {
    if (!hasSlurm()) return t.skip('Slurm is not installed')
    const cluster = await startCluster(t, 2)
    Object.assign(process.env, cluster.env)
    const shared = join(folder, 'Shared “folder”')
    mkdirSync(shared)
    const page = await open((await serve(join(folder, 'home'))).url)
    await importShapes(page, folder, 60)

    // Where there is none it is said what one is for; what is typed is checked at once, in the words of the contract.
    await go(page, '#/places')
    await page.getByText('Everything is trained on this machine').waitFor()
    assert.deepEqual(await barriers(page), [])
    await button(page, 'Add a place').click()
    await page.getByText(/Nothing leaves this machine unless you choose a place/).waitFor()
    const add = page.getByRole('button', { name: 'Add', exact: true })
    await page.getByLabel('Name', { exact: true }).fill('cluster')
    await page.getByLabel('Shared folder').fill('shared')
    await page.getByText('Shared folder must be a whole path, from / on.').waitFor()
    await page.getByLabel('Time limit of a task').fill('an hour')
    await page.getByText('Time limit of a task is minutes, HH:MM:SS or D-HH:MM:SS.').waitFor()
    await settles(() => add.isDisabled(), true)
    assert.deepEqual(await barriers(page), [])
    await page.getByLabel('Shared folder').fill(shared)
    await page.getByLabel('Time limit of a task').fill('00:10:00')
    await page.getByLabel('CPUs of a task').fill('1')
    await page.getByLabel('Partition').fill('nowhere')
    await page.getByText(/^More: runs of a task/).click()
    await page.getByLabel('Runs of a task').fill('1')
    await button(page, 'Add').click()
    const section = page.locator('[data-place=cluster]')
    await section.getByText('nothing is there').waitFor()

    // An experiment of two variants and two seeds, and its script.
    await go(page, '#/experiments/new')
    await heading(page, 'New experiment').waitFor()
    const plan = {
      name: 'Far away',
      dataset: 'pictures',
      seeds: [1, 2],
      settings: { 'network.layers': [6, 3], 'training.epochs': 2, 'training.batchSize': 16 },
      variants: [{ variant: 'classical' }, { variant: 'denoising' }],
    }
    await page.getByRole('button', { name: 'Open a plan' }).click()
    await page.getByLabel('Plan', { exact: true }).fill(JSON.stringify(plan))
    await page.getByRole('button', { name: 'Fill the form' }).click()
    await page.getByRole('complementary').getByText('4 runs').waitFor()
    await page.getByLabel('Where').selectOption('cluster')
    await button(page, 'Read the script').click()
    const script = page.getByRole('region', { name: 'Script' })
    await script.getByText('#SBATCH --partition=nowhere').waitFor()
    await page.getByText(/^4 runs in 4 tasks\./).waitFor()
    assert.deepEqual(await barriers(page), [])
    await page.getByRole('button', { name: 'Close' }).click()

    // What Slurm refuses is said in its words, and everything stays paused here.
    await button(page, 'Start at cluster').click()
    await heading(page, 'Far away').waitFor()
    await page.getByText(/Nothing was submitted to “cluster”, and its runs stay paused here\..*[Pp]artition/).waitFor()
    await page.locator('[data-state=paused]').first().waitFor()
    await go(page, '#/places')
    await page.getByRole('button', { name: 'Change cluster' }).click()
    await settles(() => page.getByLabel('Partition').inputValue(), 'nowhere')
    await page.getByLabel('Partition').fill('main')
    await button(page, 'Save').click()
    await section.getByText('partition main').waitFor()
    await button(page, 'Check cluster').click()
    await section.getByText(/wrote into the folder; that is seen here\./).waitFor()
    await section.getByText(/new enough; the engine needs/).waitFor()

    // From its page it is sent; its runs are seen where they are, until they have ended.
    await go(page, '#/experiments')
    await page.getByRole('link', { name: 'Far away' }).click()
    await button(page, 'Train at cluster').click()
    await script.getByText('#SBATCH --partition=main').waitFor()
    await button(page, 'Submit to cluster').click()
    await page
      .getByText(/4 submitted|in training/)
      .first()
      .waitFor()
    await go(page, '#/places')
    await section.getByRole('link', { name: 'Far away' }).first().waitFor()
    await button(page, 'Remove cluster').click()
    await section.getByText(/runs are at “cluster”|A run is at “cluster”/).waitFor()
    await section.getByRole('button', { name: 'Dismiss this message' }).click()
    await button(page, 'Look now').click()
    await go(page, '#/experiments')
    await page.getByRole('link', { name: 'Far away' }).click()
    await page.locator('[data-state=ended]').waitFor({ timeout: 120_000 })
    const marks = page.getByRole('table', { name: 'Runs and results by configuration' }).locator('a[data-state]')
    await settles(() => marks.evaluateAll((all: any[]) => all.map((mark) => mark.dataset.state)), Array(4).fill('completed'))
    await page
      .getByText(/, 2 seeds\.$/)
      .first()
      .waitFor()
    assert.deepEqual(await barriers(page), [])

    // What is over is at the place no more, and it can be taken away.
    await go(page, '#/places')
    await section.getByText(/nothing is there|its last tasks are ending/).waitFor()
    await button(page, 'Remove cluster').click()
    await page.getByText('Everything is trained on this machine').waitFor()
  },
)
