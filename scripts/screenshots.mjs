// `npm run screenshots`: pictures of every view, light and dark, at 1280x800 and at 2560x1440, to look at after a change. Needs a Chromium.
// `npm run screenshots -- [--home DIR] [--out DIR] [--only WORD]`. Without --home everything is made anew in a temporary folder: MNIST is imported, PCA, a
// classical and a denoising autoencoder are trained. A home that is given is filled with what is missing of these, and kept.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { WebSocket } from 'ws'
import { connectToEngine } from '../src/shared/connection.ts'
import { chromiumFlags, findChromium } from '../test/e2e/chromium.ts'
import { ensureBuilt } from './build.mjs'
import { root } from './setup/places.mjs'
import { fail, say, SetupError } from './setup/report.mjs'

const sizes = [{ width: 1280, height: 800 }, { width: 2560, height: 1440 }]
const schemes = ['light', 'dark']
const epochs = 3
const servers = new Set()
const ends = ['completed', 'failed', 'diverged', 'cancelled', 'interrupted']

/** The browser mode on a home folder, and a connection of our own to its engine. */
async function serve(home) {
  const child = spawn(process.execPath, [join(root, 'src', 'main', 'engine', 'serve.ts'), '--home', home, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), once(child, 'exit').then(() => [null])])
  const { url, error } = JSON.parse(line ?? '{}')
  if (!url) throw new SetupError(error?.message ?? 'The browser mode did not start: see the lines above.')
  const { host, search } = new URL(url)
  const socket = new WebSocket(`ws://${host}/engine${search}`, { origin: `http://${host}` })
  await once(socket, 'open')
  const listeners = new Set()
  const { call } = connectToEngine(
    { post: frame => socket.send(frame), listen: listener => { socket.on('message', listener) } },
    event => { for (const listener of listeners) listener(event) },
  )
  const server = {
    url, call,
    /** The first answer of `find` that is not undefined, asked after every event. */
    when: find => new Promise((done, failed) => {
      const look = () => Promise.resolve(find()).then(found => {
        if (found === undefined) return
        listeners.delete(look)
        done(found)
      }, failed)
      listeners.add(look)
      look()
    }),
    async close() {
      if (!servers.delete(server)) return
      socket.close()
      const gone = once(child, 'exit')
      child.kill()
      await gone
    },
  }
  servers.add(server)
  return server
}

/** What the pictures show, made where it is missing: digits with a completed run of each variant in their order, and points of the plane with one. */
async function fill({ call, when }) {
  const datasetFrom = async source => {
    const find = async () => (await call('datasets.list', {})).datasets.find(each => each.source.split(',')[0] === source)?.id
    const known = await find()
    if (known) return known
    say(`Importing ${source}`)
    const { task } = await call('datasets.import', { path: source })
    await when(async () => {
      const { state, error } = (await call('tasks.show', { task: task.id })).task
      if (state === 'failed') throw new SetupError(error.message)
      return state === 'done' ? true : undefined
    })
    return find()
  }
  const runOn = async (dataset, variant, name, settings) => {
    const known = (await call('runs.list', {})).runs.find(each => each.variant === variant && each.datasetId === dataset && each.state === 'completed')
    if (!known) say(`Training ${name}`)
    const { id } = known ?? (await call('runs.create', { dataset, variant, name, settings })).run
    return when(async () => {
      const { run } = await call('runs.show', { run: id })
      if (run.state !== 'completed' && ends.includes(run.state)) throw new SetupError(`${run.name} is ${run.state}: ${run.error?.message ?? ''}`)
      return run.state === 'completed' ? run : undefined
    })
  }
  const digits = await datasetFrom('mnist')
  const network = { network: { layers: [512, 32] }, training: { epochs } }
  const runs = [
    await runOn(digits, 'pca', 'PCA', { network: { layers: [32] } }),
    await runOn(digits, 'classical', 'Classical', network),
    await runOn(digits, 'denoising', 'Denoising', network),
  ]
  const plane = await datasetFrom('moons')
  const moons = await runOn(plane, 'denoising', 'Moons', { network: { layers: [64, 32, 1] }, training: { epochs: 30 }, regularizer: { noise: 'gaussian', sigma: 0.2 } })
  const experiment = await experimentOn('moons')
  const { experiment: { cells } } = await call('experiments.show', { experiment: experiment.id })
  return { dataset: digits, runs, plane, moons, experiment, members: cells.flatMap(each => each.runs.map(({ run }) => run)).join(',') }

  /** A small experiment that has ended, on points of the plane: it takes seconds. */
  async function experimentOn(name) {
    const known = (await call('experiments.list', {})).experiments.find(each => each.state === 'ended')
    if (known) return known
    say('Training an experiment')
    const { experiment } = await call('experiments.create', { plan: {
      name: 'Noise and depth', dataset: name, seeds: [1, 2, 3, 4], settings: { network: { layers: [32, 16, 1] }, training: { epochs: 8, batchSize: 32 } },
      variants: [{ variant: 'classical' }, { variant: 'denoising', settings: { 'regularizer.noise': 'gaussian' }, sweep: { 'regularizer.sigma': [0.05, 0.1, 0.2] } }, { variant: 'contractive', settings: { 'training.learningRate': 0.003 } }],
    } })
    return when(async () => {
      const now = (await call('experiments.list', {})).experiments.find(each => each.id === experiment.id)
      return now.state === 'ended' ? now : undefined
    })
  }
}

/** A folder of a few images and as many files that are none, for the first view's form. */
async function exampleFolder(place) {
  const { default: sharp } = await import('sharp')
  for (const [index, name] of ['apples', 'pears'].entries()) {
    await mkdir(join(place, name), { recursive: true })
    for (let each = 0; each < 12; each += 1) {
      await sharp({ create: { width: 40, height: 32, channels: 3, background: { r: 60 + 15 * each, g: 90 * index + 8 * each, b: 40 } } }).png().toFile(join(place, name, `${each}.png`))
    }
    await writeFile(join(place, name, 'empty.png'), '')
    await writeFile(join(place, name, 'notes.jpg'), 'No picture at all.')
  }
  return place
}

/** What is looked at: the name of the picture, the address, and what is done before it is taken. */
function scenes({ dataset, runs, plane, moons, experiment, members, live, folder }) {
  const [pca, classical, denoising] = runs
  const all = runs.map(each => each.id).join(',')
  /** The table as it is without groups: how it was last looked at is kept with the home. */
  const table = async page => {
    await page.getByLabel('Group by').selectOption('')
    await page.locator('tr[data-run]').nth(2).waitFor()
  }
  /** All curves of the comparison. */
  const drawn = page => page.waitForFunction(() => {
    const charts = [...document.querySelectorAll('figure[data-drawn]')]
    return charts.length > 0 && charts.every(each => each.dataset.drawn !== '0')
  })
  const settled = page => page.locator('[aria-busy=true]').waitFor({ state: 'detached' })
  return {
    first: [
      ['start-empty', '#/start', page => page.getByRole('heading', { name: 'Begin with images' }).waitFor()],
      ['start-typed', '#/start', async page => {
        await page.getByLabel('Folder or file', { exact: true }).fill(folder)
        await page.getByRole('textbox', { name: 'Name' }).waitFor()
      }],
      ['runs-empty', '#/runs', page => page.getByText('No runs yet').waitFor()],
      ['compare-empty', '#/compare', page => page.getByText('Nothing to compare yet').waitFor()],
      ['experiments-empty', '#/experiments', page => page.getByText('No experiments yet').waitFor()],
      ['datasets-empty', '#/datasets', page => page.getByLabel('Folder or file', { exact: true }).waitFor()],
    ],
    filled: [
      ['start', '#/start', page => page.locator('canvas, img').first().waitFor()],
      ['datasets', '#/datasets'],
      ['dataset', `#/datasets/${dataset}`, page => page.locator('canvas').first().waitFor()],
      ['dataset-plane', `#/datasets/${plane}`, page => page.locator('canvas').first().waitFor()],
      ['new', '#/new'],
      ['new-error', '#/new?variant=denoising', async page => {
        await page.getByLabel('Layers').fill('512, 0')
        await page.getByLabel('Rate', { exact: true }).fill('1.5')
        await page.locator('[aria-invalid=true]').nth(1).waitFor()
      }],
      ['new-all', '#/new?variant=denoising', page => page.getByText(/more setting/).click()],
      ['runs', '#/runs', table],
      ['runs-columns', '#/runs', async page => {
        await table(page)
        await page.getByRole('button', { name: 'Columns' }).click()
        await page.getByRole('dialog', { name: 'Columns' }).getByText('Squared error').first().waitFor()
      }],
      ['runs-filter', '#/runs', async page => {
        await table(page)
        await page.getByRole('columnheader', { name: /^Error/ }).hover()
        await page.getByRole('button', { name: /^Error: filter/ }).click()
        await page.getByRole('dialog', { name: 'Error' }).getByRole('button', { name: 'Hide' }).waitFor()
      }],
      ['runs-grouped', '#/runs', async page => {
        await page.getByRole('row').nth(3).waitFor()
        await page.getByLabel('Group by').selectOption('variant')
        await page.locator('tr[data-group]').nth(1).click()
        await page.locator('tr[data-run]').first().waitFor()
      }],
      ['runs-selected', '#/runs', async page => {
        await table(page)
        for (const each of [pca, classical]) await page.getByRole('checkbox', { name: `Select ${each.name}`, exact: true }).check()
      }],
      ['run-live', `#/runs/${live}`, page => page.locator('canvas').nth(2).waitFor()],
      ['run-pca', `#/runs/${pca.id}`, page => page.locator('canvas').first().waitFor()],
      ['run-classical', `#/runs/${classical.id}`, page => page.locator('canvas').nth(2).waitFor()],
      ['run-denoising', `#/runs/${denoising.id}`, page => page.locator('canvas').nth(2).waitFor()],
      ['run-plane', `#/runs/${moons.id}`, page => page.locator('canvas').nth(2).waitFor()],
      ['run-export', `#/runs/${denoising.id}`, async page => {
        await page.getByRole('button', { name: 'Save as ONNX' }).click()
        await page.getByLabel('File').waitFor()
      }],
      ['compare', `#/compare?runs=${all}`, drawn],
      ['compare-images', `#/compare?runs=${all}&part=images`, async page => {
        await page.locator('.images canvas').nth(3).waitFor()
        await page.getByRole('heading', { name: 'Reconstructions' }).evaluate(heading => heading.scrollIntoView({ block: 'start' }))
        const box = await page.locator('.images canvas').nth(2).boundingBox()
        await page.mouse.move(box.x + 30, box.y + 30)
      }],
      ['compare-corrupted', `#/compare?runs=${all}&part=images`, async page => {
        await page.getByLabel('Inputs').selectOption('masking-0.5')
        await page.getByLabel('Differences from the originals').check()
        await page.locator('.images canvas').nth(7).waitFor()
        await page.getByRole('heading', { name: 'Reconstructions' }).evaluate(heading => heading.scrollIntoView({ block: 'start' }))
      }],
      ['compare-codes', `#/compare?runs=${all}&part=codes`, async page => {
        await page.getByRole('application', { name: /^Activations of/ }).nth(2).waitFor()
        await page.getByRole('button', { name: '7', exact: true }).and(page.locator(':enabled')).click()
        await page.getByRole('tablist').evaluate(tabs => tabs.scrollIntoView({ block: 'start' }))
      }],
      ['compare-seeds', `#/compare?runs=${members}`, async page => {
        await drawn(page)
        await page.locator('figure[data-drawn] canvas').first().hover()
        await page.locator('.plot .heading').waitFor()
      }],
      ['compare-differences', `#/compare?runs=${members}&show=differences&by=group`, drawn],
      ['compare-terms', `#/compare?runs=${members}&by=run&smoothing=0.6&terms=${members.split(',').at(-1)}`, async page => {
        await page.getByRole('figure', { name: /^Terms of the objective/ }).and(page.locator('[data-drawn="2"]')).waitFor()
        await page.locator('.body').first().evaluate(body => body.scrollTo(0, body.scrollHeight))
      }],
      ['compare-relations', `#/compare?runs=${members}&part=relations`, async page => {
        await page.getByRole('application', { name: /dots/ }).waitFor()
        await page.getByRole('tablist').evaluate(tabs => tabs.scrollIntoView({ block: 'start' }))
      }],
      ['compare-settings', `#/compare?runs=${members}&part=settings`, page => page.locator('tr[data-setting]').nth(2).waitFor()],
      ['exports', '#/exports'],
      ['experiments', '#/experiments', page => page.getByRole('link', { name: experiment.name }).waitFor()],
      ['experiments-unpack', '#/experiments', page => page.getByRole('button', { name: 'Unpack' }).click()],
      ['experiment', `#/experiments/${experiment.id}`, async page => {
        await page.locator('td.mean').getByText('±').first().waitFor()
        await page.locator('a[data-row="1"][data-column="1"]').hover()
      }],
      ['experiment-pack', `#/experiments/${experiment.id}`, async page => {
        await page.getByRole('button', { name: 'Pack into a file' }).click()
        await page.getByRole('form', { name: 'Pack into a file' }).waitFor()
      }],
      ['experiment-new', `#/experiments/new?dataset=${dataset}`, page => page.getByRole('list', { name: 'Templates' }).getByRole('listitem').nth(7).waitFor()],
      ['experiment-plan', `#/experiments/new?dataset=${dataset}&template=regularizers`, page => page.getByRole('complementary').getByText(/^\d+ runs$/).waitFor()],
      ['experiment-plan-error', `#/experiments/new?dataset=${dataset}&template=lambda`, async page => {
        await page.getByRole('button', { name: 'Contractive', expanded: false }).click()
        await page.getByLabel('Lambda').fill('0.1, much')
        await page.getByLabel('Seeds').fill('1-3, 2')
        await page.locator('[aria-invalid=true]').nth(1).waitFor()
      }],
      ['storage', '#/storage', page => page.getByRole('region', { name: 'Datasets' }).waitFor()],
      ['palette', '#/runs', async page => {
        await page.keyboard.press('Control+k')
        await page.getByRole('combobox', { name: 'Find' }).waitFor()
      }],
      ['keys', '#/runs', page => page.keyboard.press('?')],
    ].map(([name, address, ready]) => [name, address, async page => { await ready?.(page); await settled(page) }]),
  }
}

/** Takes the pictures; a scene that cannot be had is said and does not stop the others. */
async function take(browser, url, list, out, lost) {
  let missed = 0
  for (const colorScheme of schemes) {
    for (const viewport of sizes) {
      const page = await (await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' })).newPage()
      page.setDefaultTimeout(15_000)
      page.on('pageerror', error => say(`The page says: ${error.message}`))
      for (const [name, address, ready] of list) {
        const picture = join(out, `${name}-${colorScheme}-${viewport.width}.png`)
        try {
          await page.goto('about:blank')
          await page.goto(url + address)
          await page.locator('main').first().waitFor()
          await ready?.(page)
          await page.evaluate(() => document.fonts.ready)
          await page.screenshot({ path: picture })
        } catch (error) {
          missed += 1
          say(`${name} (${colorScheme}, ${viewport.width}): ${error.message.split('\n')[0]}`)
          await page.screenshot({ path: picture.replace('.png', '-missed.png') }).catch(() => {})
        }
      }
      if (lost) {
        await page.goto('about:blank')
        await page.goto(`${url}#/runs`)
        await page.getByRole('row').nth(1).waitFor()
        lost.pages.push([page, join(out, `lost-${colorScheme}-${viewport.width}.png`)])
      } else await page.context().close()
    }
  }
  return missed
}

async function main() {
  const { values } = parseArgs({ options: { home: { type: 'string' }, out: { type: 'string', default: 'test-results/screenshots' }, only: { type: 'string' } } })
  const executablePath = findChromium()
  if (!executablePath) throw new SetupError('There is no Chromium: install it, or set WORKBENCH_TEST_CHROMIUM to its path.')
  await ensureBuilt()
  const out = resolve(values.out)
  const temporary = await mkdtemp(join(tmpdir(), 'workbench-screenshots-'))
  const home = values.home ? resolve(values.home) : join(temporary, 'home')
  const wanted = list => list.filter(([name]) => !values.only || name.includes(values.only))
  const browser = await chromium.launch({ executablePath, args: [...chromiumFlags] })
  try {
    await mkdir(out, { recursive: true })
    const folder = await exampleFolder(join(temporary, 'fruit'))
    let missed = 0

    const empty = await serve(join(temporary, 'empty'))
    missed += await take(browser, empty.url, wanted(scenes({ dataset: '', runs: [{}, {}, {}], plane: '', moons: {}, experiment: {}, members: '', live: '', folder }).first), out)
    await empty.close()

    const filled = await serve(home)
    const made = await fill(filled)
    const { dataset, runs } = made
    const { call, when } = filled
    const file = join(temporary, 'encoder.onnx')
    if (!(await call('exports.list', {})).exports.length) {
      const { task } = await call('exports.create', { run: runs[2].id, part: 'encoder', out: file })
      await when(async () => ((await call('tasks.show', { task: task.id })).task.state === 'running' ? undefined : true))
    }
    const { run: live } = await call('runs.create', { dataset, variant: 'denoising', name: 'Live', settings: { training: { epochs: 300 }, network: { layers: [256, 32] } } })
    await when(async () => ((await call('runs.show', { run: live.id })).run.epoch >= 1 ? true : undefined))
    const lost = { pages: [] }
    missed += await take(browser, filled.url, wanted(scenes({ ...made, live: live.id, folder }).filled), out, lost)
    await call('runs.cancel', { run: live.id })
    await when(async () => ((await call('runs.show', { run: live.id })).run.state === 'cancelled' ? true : undefined))
    await call('runs.remove', { run: live.id })
    await filled.close()
    for (const [page, picture] of lost.pages) {
      await page.getByRole('alert').waitFor()
      await page.screenshot({ path: picture })
    }
    say(`The pictures are in ${out}${missed ? `; ${missed} could not be taken` : ''}`)
    process.exitCode = missed ? 1 : 0
  } finally {
    await browser.close()
    for (const server of servers) await server.close()
    await rm(temporary, { recursive: true, force: true, maxRetries: 5 })
  }
}

await main().catch(fail)
