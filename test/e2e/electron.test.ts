import assert from 'node:assert/strict'
import { once } from 'node:events'
import { realpathSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { createEngine } from '../../src/main/engine/engine.ts'
import { contentPolicy } from '../../src/shared/contentPolicy.ts'
import { hostKey } from '../../src/shared/host.ts'
import { writeDigitFolder } from '../fixtures/digitFolder.ts'
import { isAlive, until, windowTest, type OpenWindow, socketOf } from './launchElectron.ts'

/** What the page's scripts see; the tests are compiled without the DOM's types. */
declare const window: any, document: any, location: { href: string }, navigator: any, Notification: any

windowTest('the page can do nothing but be the page', async ({ open }) => {
  const { app, page } = await open()
  await page.getByRole('heading', { name: 'Begin with images' }).waitFor()

  const preferences = await app.evaluate(({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]!.webContents as unknown as {
      getLastWebPreferences(): Record<string, unknown>
    }
    return contents.getLastWebPreferences()
  })
  assert.equal(preferences['contextIsolation'], true)
  assert.equal(preferences['sandbox'], true)
  assert.equal(preferences['nodeIntegration'], false)
  assert.equal(preferences['webviewTag'], false)
  assert.notEqual(preferences['webSecurity'], false)
  for (const never of [
    'allowRunningInsecureContent',
    'experimentalFeatures',
    'nodeIntegrationInWorker',
    'nodeIntegrationInSubFrames',
  ])
    assert.notEqual(preferences[never], true, never)

  const seen = await page.evaluate(() => ({
    address: location.href,
    globals: ['require', 'process', 'module', 'Buffer', 'global', 'ipcRenderer', 'electron'].filter((name) => name in window),
    offered: Object.keys(window.workbench as object).sort(),
  }))
  assert.match(seen.address, /^workbench:\/\/app\/index\.html/)
  assert.deepEqual(seen.globals, [])
  assert.deepEqual(seen.offered, [
    'chooseFile',
    'chooseFolder',
    'chooseSave',
    'connect',
    'host',
    'onCommand',
    'onEngineState',
    'pathOf',
    'recoverEngine',
    'restartEngine',
    'showInFolder',
  ])
  assert.equal(hostKey, 'workbench')

  // Scripts that are not files of ours: an element, an attribute, text handed to a timer.
  const violations = await page.evaluate(
    () =>
      new Promise<string[]>((resolve) => {
        const found = new Set<string>()
        document.addEventListener('securitypolicyviolation', (event: { effectiveDirective: string; blockedURI: string }) => {
          found.add(`${event.effectiveDirective} ${event.blockedURI}`)
          if (found.size === 3) resolve([...found].sort())
        })
        const script = document.createElement('script')
        script.textContent = 'window.ran = true'
        document.body.append(script)
        document.body.insertAdjacentHTML('beforeend', '<i onclick="window.ran = true"></i>')
        document.body.lastElementChild.click()
        window.setTimeout('window.ran = true')
        window.setTimeout(() => resolve([...found].sort()), 5000)
      }),
  )
  assert.deepEqual(violations, ['script-src eval', 'script-src-attr inline', 'script-src-elem inline'])
  assert.equal(await page.evaluate(() => window.ran), undefined)

  // Only the page's own files are served, and with the policy.
  const files = await page.evaluate(async () => {
    const status = (address: string) =>
      window.fetch(address).then(
        (answer: { status: number }) => answer.status,
        () => 'refused',
      )
    const page = await window.fetch('workbench://app/index.html')
    return {
      policy: page.headers.get('content-security-policy') as string,
      beside: await status('workbench://app/..%2f..%2fpackage.json'),
      other: await status('workbench://other/index.html'),
      disk: await status('file:///etc/hostname'),
    }
  })
  assert.deepEqual(files, { policy: contentPolicy, beside: 404, other: 'refused', disk: 'refused' })

  assert.deepEqual(
    await page.evaluate(async () => ({
      notifications: await Notification.requestPermission(),
      place: (await navigator.permissions.query({ name: 'geolocation' })).state,
      camera: await navigator.mediaDevices.getUserMedia({ video: true }).then(
        () => 'granted',
        () => 'denied',
      ),
    })),
    { notifications: 'denied', place: 'denied', camera: 'denied' },
  )
  await app.close()
})

windowTest('nothing leaves the window, and nobody else is answered', async ({ open }, t) => {
  const { app, page } = await open()
  await page.getByRole('heading', { name: 'Begin with images' }).waitFor()
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    socket.destroy()
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const elsewhere = `127.0.0.1:${(server.address() as AddressInfo).port}`

  // With the page's policy out of the way the shell itself still lets nothing through: a window without it tries the same.
  const bare = await app.evaluate(async ({ BrowserWindow }, elsewhere) => {
    const window = new BrowserWindow({ show: false, webPreferences: { contextIsolation: true, sandbox: true } })
    await window.loadURL('data:text/html,<title>bare</title>')
    const result = (await window.webContents.executeJavaScript(`Promise.all([
      fetch('http://${elsewhere}/').then(() => 'reached', () => 'refused'),
      new Promise((resolve) => { const image = new Image()
        image.onload = image.onerror = () => resolve('done'); image.src = 'http://${elsewhere}/i.png' }),
      new Promise((resolve) => { const socket = new WebSocket('ws://${elsewhere}/')
        socket.onopen = () => resolve('reached'); socket.onerror = () => resolve('refused') }),
    ])`)) as string[]
    window.destroy()
    return result
  }, elsewhere)
  assert.deepEqual(bare, ['refused', 'done', 'refused'])

  const here = await page.evaluate(async (elsewhere) => {
    window.mark = 'still here'
    const opened = window.open(`http://${elsewhere}/`) as unknown
    const fetched = (await window.fetch(`http://${elsewhere}/`).then(
      () => 'reached',
      () => 'refused',
    )) as string
    const link = document.createElement('a')
    link.href = `http://${elsewhere}/linked`
    link.target = '_blank'
    link.click()
    location.href = `http://${elsewhere}/`
    return { opened, fetched }
  }, elsewhere)
  assert.deepEqual(here, { opened: null, fetched: 'refused' })
  // The main process has dealt with the navigation once it answers this.
  assert.equal(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length), 1)
  assert.equal(await page.evaluate(() => window.mark), 'still here')

  // Another document with our preload asks for a dialog and for the engine: it gets neither.
  const foreign = await app.evaluate(
    async ({ BrowserWindow, dialog }, preload) => {
      let asked = 0
      dialog.showOpenDialog = (async () => {
        asked += 1
        return { canceled: false, filePaths: ['/secret'] }
      }) as typeof dialog.showOpenDialog
      const window = new BrowserWindow({ show: false, webPreferences: { contextIsolation: true, sandbox: true, preload } })
      await window.loadURL('data:text/html,<title>foreign</title>')
      const result = (await window.webContents.executeJavaScript(`(() => {
      window.ports = 0
      addEventListener('message', () => { window.ports += 1 })
      workbench.connect()
      return workbench.chooseFolder().then((path) => 'chose ' + path, () => 'refused').then((chosen) => ({ chosen, ports: window.ports }))
    })()`)) as { chosen: string; ports: number }
      window.destroy()
      return { ...result, asked }
    },
    resolve(import.meta.dirname, '../../out/preload/index.cjs'),
  )
  assert.deepEqual(foreign, { chosen: 'refused', ports: 0, asked: 0 })
  assert.equal(connections, 0)
  await app.close()
})

windowTest('the window goes nowhere, by whatever way and under whatever scheme', async ({ folder, open }) => {
  const { app, page } = await open()
  await page.getByRole('heading', { name: 'Begin with images' }).waitFor()
  const local = join(folder, 'local.html')
  writeFileSync(local, '<!doctype html><title>local</title>')
  const address = page.url()
  // What was begun, however far it came: a document that was left again was there.
  await app.evaluate(({ BrowserWindow }) => {
    const { webContents } = BrowserWindow.getAllWindows()[0]!
    const went: string[] = []
    webContents.on('did-frame-navigate', (_event, url) => went.push(url))
    Object.assign(globalThis, { went })
  })
  await page.evaluate(() => {
    window.mark = 'still here'
  })

  const addresses = [
    'about:blank',
    'about:blank#x',
    'about:srcdoc',
    'data:text/html,<title>data</title>',
    'javascript:void(window.mark = "run")',
    `file://${local}`,
    'http://127.0.0.1:9/',
    'https://elsewhere.example/',
    'ftp://elsewhere.example/',
    'ws://127.0.0.1:9/',
    'mailto:somebody@elsewhere.example',
    'chrome://version',
    'chrome://crash',
    'devtools://devtools/bundled/inspector.html',
    'view-source:workbench://app/index.html',
    'filesystem:workbench://app/temporary/x',
    'workbench://other/index.html',
    'workbench://app/',
    'workbench://app/icon.svg',
    'workbench://app/..%2f..%2fpackage.json',
    'unknown:x',
    'blob',
    'smb://elsewhere/x',
    'ms-settings:',
    'search-ms:query=x',
  ]
  const ways = [
    'assign',
    'replace',
    'anchor',
    'newAnchor',
    'openSelf',
    'openNew',
    'formGet',
    'formPost',
    'metaRefresh',
    'frame',
    'frameTop',
  ] as const
  for (const given of addresses) {
    for (const way of ways) {
      const opened = await page.evaluate(
        async ({ given, way }) => {
          const to =
            given === 'blob'
              ? (window.URL.createObjectURL(new window.Blob(['<title>blob</title>'], { type: 'text/html' })) as string)
              : given
          const add = (name: string, values: Record<string, string>) => {
            const element = document.createElement(name)
            Object.assign(element, values)
            document.body.append(element)
            return element
          }
          let result: unknown = null
          try {
            if (way === 'assign') window.location.href = to
            else if (way === 'replace') window.location.replace(to)
            else if (way === 'anchor') add('a', { href: to }).click()
            else if (way === 'newAnchor') add('a', { href: to, target: '_blank', rel: 'opener' }).click()
            else if (way === 'openSelf') result = window.open(to, '_self') === window ? null : 'another'
            else if (way === 'openNew') result = window.open(to, '_blank', 'width=100') && 'opened'
            else if (way === 'formGet') add('form', { action: to, method: 'get' }).submit()
            else if (way === 'formPost') add('form', { action: to, method: 'post', enctype: 'text/plain' }).submit()
            else if (way === 'metaRefresh')
              document.head.append(Object.assign(document.createElement('meta'), { httpEquiv: 'refresh', content: `0; url=${to}` }))
            else if (way === 'frame') {
              const frame = add('iframe', { src: to })
              await new Promise((done) => {
                window.setTimeout(done, 30)
              })
              // Its document is empty, or none of ours: it was given nothing.
              result = frame.contentWindow?.workbench ? 'offered' : null
              frame.remove()
            } else {
              const frame = add('iframe', {})
              const link = frame.contentDocument.createElement('a')
              Object.assign(link, { href: to, target: '_top' })
              frame.contentDocument.body.append(link)
              link.click()
              frame.remove()
            }
          } catch {
            /* refused at once */
          }
          await new Promise((done) => {
            window.setTimeout(done, 20)
          })
          return result
        },
        { given, way },
      )
      assert.equal(opened, null, `${way} ${given}`)
    }
    assert.equal(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length), 1, given)
    assert.equal(page.url(), address, given)
    assert.equal(await page.evaluate(() => window.mark), 'still here', given)
  }
  await page.evaluate(() => {
    window.history.pushState(null, '', '#/storage')
    for (const step of [-1, -2, 1, 5]) window.history.go(step)
  })
  await page.getByRole('heading').first().waitFor()
  assert.match(page.url(), /^workbench:\/\/app\/index\.html/)
  const went = await app.evaluate(() => (globalThis as unknown as { went: string[] }).went)
  assert.deepEqual(
    went.filter((url) => !url.startsWith('about:')),
    [],
  )
  // A reload is the one way that there is, and a file that the page made can still be kept.
  await page.reload()
  await page.getByRole('heading').first().waitFor()
  const kept = await app.evaluate(
    ({ BrowserWindow }) =>
      new Promise<string>((resolve) => {
        const { webContents } = BrowserWindow.getAllWindows()[0]!
        webContents.session.once('will-download', (event, item) => {
          resolve(item.getFilename())
          event.preventDefault()
        })
        void webContents.executeJavaScript(
          "Object.assign(document.createElement('a'), { href: URL.createObjectURL(new Blob(['x'])), download: 'table.csv' }).click()",
        )
      }),
  )
  assert.equal(kept, 'table.csv')
  await app.close()
})

async function pickFolder({ app }: OpenWindow, folder: string): Promise<void> {
  await app.evaluate(({ dialog }, path) => {
    dialog.showOpenDialog = (async () => ({ canceled: false, filePaths: [path] })) as typeof dialog.showOpenDialog
  }, folder)
}

/** What the system does when a person drags a folder over the window and lets go. */
async function dropOn(page: Page, folder: string): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const data = { items: [], files: [folder], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', { type, x: 400, y: 300, data })
  await session.detach()
}

windowTest('what is dropped on the window fills the form that takes it, wherever one is', async ({ folder, open }) => {
  const images = join(folder, 'meine Bilder, später')
  writeDigitFolder(images, 60)
  const table = join(folder, 'points.csv'),
    pack = join(folder, 'pair.experiment.zip')
  writeFileSync(table, 'a,b\n1,2\n')
  writeFileSync(pack, 'no pack')
  const { app, page } = await open()
  const path = page.getByRole('form', { name: 'Import images' }).locator('input').first()
  const unpacked = page.getByRole('form', { name: 'Unpack an experiment' }).getByLabel('File')
  await page.getByRole('heading', { name: 'Begin with images' }).waitFor()
  const address = await page.evaluate(() => location.href.split('#')[0])
  for (const [view, dropped, field] of [
    ['Exports', images, path],
    ['Runs', table, path],
    ['Storage', pack, unpacked],
    ['Compare', images, path],
  ] as const) {
    await page.getByRole('link', { name: view, exact: true }).click()
    await page.getByRole('heading', { level: 1 }).first().waitFor()
    await dropOn(page, dropped)
    await until(`the path of ${dropped}`, async () => (await field.count()) === 1 && (await field.inputValue()) === dropped)
  }
  await page.getByText('A folder with 60 files in 10 classes').waitFor()
  // A window that knows nothing of a drop leaves its page for what was dropped.
  assert.equal(await page.evaluate(() => location.href.split('#')[0]), address)
  await app.close()
})

windowTest(
  'start, train, see the curve, quit while training, start again, resume; the engine dies and comes back',
  async ({ folder, home, open }) => {
    const images = join(folder, 'digits')
    writeDigitFolder(images, 300)
    const first = await open()
    let { page } = first

    // The engine is Node 24 from the project's packages, not Electron in disguise; a command line of the same home reaches it.
    const engine = first.engine()!
    assert.match(engine.command, /node_modules[/\\]node[^/\\]*[/\\]bin[/\\]node\b/)
    if (process.platform === 'linux') assert.equal(realpathSync(`/proc/${engine.pid}/exe`), realpathSync(process.execPath))
    const remote = await socketOf(home)
    const status = await remote.call('engine.status', {})
    assert.match(status.node, /^v?24\./)
    assert.equal(status.home, home)
    remote.close()

    // The dialog and a folder dropped on the window both put a path into the form.
    await pickFolder(first, folder)
    await page.getByRole('button', { name: 'Choose folder' }).click()
    const path = page.getByRole('form', { name: 'Import images' }).locator('input').first()
    await until('the chosen path', async () => (await path.inputValue()) === folder)
    await dropOn(page, images)
    await until('the dropped path', async () => (await path.inputValue()) === images)
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByText('300 images, 28 × 28, 10 classes').waitFor()

    await page.getByRole('link', { name: 'New run' }).click()
    await page.getByRole('textbox', { name: 'Name' }).fill('long run')
    await page.getByRole('textbox', { name: 'Layers' }).fill('64, 16')
    await page.getByRole('textbox', { name: 'Epochs', exact: true }).fill('6000')
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await page.getByRole('heading', { name: 'long run' }).waitFor()
    await page.getByRole('button', { name: 'Pause' }).waitFor()
    await page.getByRole('button', { name: 'Table' }).first().click()
    await until('ten points', async () => (await page.locator('main tbody tr').count()) >= 10)
    await page.getByRole('button', { name: 'Table' }).first().click()
    await until('a drawn curve', () =>
      page
        .locator('main canvas')
        .first()
        .evaluate((canvas: any) => {
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height) as { data: Uint8ClampedArray }
          return data.filter((value, index) => index % 4 === 3 && value > 0).length > 500
        }),
    )
    await first.quit()

    const second = await open()
    page = second.page
    await page.getByRole('link', { name: 'long run' }).click()
    await page.getByText('Paused').first().waitFor()
    const address = page.url()
    await page.getByRole('button', { name: 'Resume' }).first().click()
    await page.getByRole('button', { name: 'Pause' }).waitFor()

    // The engine dies while it trains: the window says so, gets a new one, and stands where it stood.
    const before = second.engine()!
    process.kill(before.pid, 'SIGKILL')
    await page.getByRole('alert').filter({ hasText: 'ended unexpectedly' }).waitFor()
    const after = await until('the next engine', () => {
      const now = second.engine()
      return now && now.pid !== before.pid && now
    })
    assert.notEqual(after.pid, before.pid)
    await page.getByRole('alert').filter({ hasText: 'ended unexpectedly' }).waitFor({ state: 'detached' })
    assert.equal(page.url(), address)
    await page.getByText('Interrupted').first().waitFor()
    await page.getByRole('button', { name: 'Resume' }).first().click()
    await page.getByText('Completed').first().waitFor({ timeout: 120_000 })
    await page.getByText('Linear probe accuracy').first().waitFor()

    // Every view draws on this Chromium too; what throws in the page fails the test.
    for (const view of ['Datasets', 'Experiments', 'Runs', 'Compare', 'Exports', 'Storage', 'Explore']) {
      await page.getByRole('navigation').getByRole('link', { name: view }).click()
      await page.getByRole('heading', { name: view, exact: true }).waitFor()
    }
    // The explorer answers in the window: a click among the test images asks for the neighbours of another.
    await page.waitForFunction(() => location.href.includes('#/explore/'))
    const near = page.getByRole('listbox', { name: /^Nearest in the code/ })
    await near.getByRole('option').nth(11).waitFor()
    await page.getByText(/^Over \d+ images\.$/).waitFor()
    const other = page
      .getByRole('listbox', { name: /^Test images/ })
      .getByRole('option')
      .nth(1)
    const name = (await other.getAttribute('aria-label'))!
    assert.match(name, /^\S.*, class \d$/)
    await other.click()
    await page.getByRole('figure', { name, exact: true }).waitFor()
    await near.getByRole('option').nth(11).waitFor()
    await second.quit()
  },
)

windowTest(
  'one workbench a home folder; an engine without its shell ends; a home that is taken is said',
  async ({ home, open, openAgain }) => {
    const { app, page, engine } = await open()
    await page.getByRole('heading', { name: 'Begin with images' }).waitFor()
    // A second start on the same home ends at once and leaves the one window in front.
    assert.equal(await openAgain(), 0)
    assert.equal(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length), 1)

    const { pid } = engine()!
    const gone = once(app.process(), 'exit')
    app.process().kill('SIGKILL')
    await gone
    await until('the engine to end', () => !isAlive(pid))

    // Somebody else, here a command line, works on this home folder when the workbench opens.
    const other = createEngine({ home })
    try {
      const second = await open()
      await second.page.getByRole('alert').getByText(home).waitFor()
      await other.close()
      await second.page.getByRole('alert').getByRole('button', { name: 'Try now' }).click()
      await second.page.getByRole('heading', { name: 'Begin with images' }).waitFor()
      await second.page.getByRole('alert').waitFor({ state: 'detached' })
      await second.quit()
    } finally {
      await other.close()
    }
  },
)
