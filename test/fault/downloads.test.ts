import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { unzipSync } from 'fflate'
import { newToken } from '../../src/main/engine/browser/address.ts'
import { serveBrowser } from '../../src/main/engine/browser/server.ts'
import { createDownloads } from '../../src/main/engine/downloads/downloads.ts'
import { checkTarget } from '../../src/main/engine/export/targetFile.ts'
import { createEngine } from '../../src/main/engine/engine.ts'
import { fakeWorker, homeWithDataset, temporaryFolder, testEngine } from '../fixtures/homes.ts'

/** The browser mode, and requests to it whose paths go out as they are. */
async function desk(t: TestContext) {
  const root = join(temporaryFolder(t), 'renderer')
  mkdirSync(root)
  writeFileSync(join(root, 'index.html'), '<!doctype html>')
  const home = homeWithDataset(t)
  const tested = testEngine(t, home)
  const token = newToken()
  const served = await serveBrowser(tested.engine, root, 0, token)
  t.after(() => served.close())
  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    new Promise<IncomingMessage>((resolve, reject) => {
      request({ host: '127.0.0.1', port: served.port, path, headers, method }, resolve).on('error', reject).end()
    })
  const bytesOf = async (response: IncomingMessage) => Buffer.concat(await response.toArray())
  const status = async (...what: Parameters<typeof ask>) => {
    const response = await ask(...what)
    response.resume()
    return response.statusCode
  }
  const ended = (download: string) =>
    tested.next((event) =>
      event.type === 'download' && event.download === download && event.state !== 'sending' ? event.state : undefined,
    )
  const left = () => (existsSync(join(home, 'downloads')) ? readdirSync(join(home, 'downloads')) : [])
  const emptied = async () => {
    while (left().length > 0) await new Promise((resolve) => setImmediate(resolve))
  }
  return { ...tested, home, served, token, ask, bytesOf, status, ended, left, emptied }
}

test('a file is fetched once, whole, under its name, and is gone then', async (t) => {
  const { call, ask, bytesOf, status, ended, home, emptied } = await desk(t)
  const name = 'Größe “1” (schön).onnx'.replaceAll(/[“”]/g, '')
  const content = Buffer.alloc(3_000_000, 'weights ')
  const { download, path } = await call('downloads.begin', { name })
  assert.equal(statSync(join(home, 'downloads')).mode & 0o077, 0)
  await assert.rejects(call('downloads.ready', { download }), { code: 'CALL_INVALID' }, 'nothing is written yet')
  assert.equal(await checkTarget(path, false, home), path)
  writeFileSync(path, content)
  const ready = await call('downloads.ready', { download })
  assert.deepEqual([ready.name, ready.bytes], [name, content.length])
  assert.deepEqual(await call('downloads.ready', { download }), ready)
  const response = await ask(ready.address)
  assert.equal(response.statusCode, 200)
  const { headers } = response
  assert.equal(headers['content-type'], 'application/octet-stream')
  assert.equal(headers['content-length'], String(content.length))
  assert.equal(headers['x-content-type-options'], 'nosniff')
  assert.equal(headers['cache-control'], 'no-store')
  assert.equal(
    headers['content-disposition'],
    `attachment; filename="Gr__e 1 (sch_n).onnx"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%201%20%28sch%C3%B6n%29.onnx`,
  )
  assert.ok(content.equals(await bytesOf(response)))
  assert.equal(await ended(download), 'sent')
  await emptied()
  assert.equal(await status(ready.address), 404, 'a second time')
  await assert.rejects(call('downloads.ready', { download }), { code: 'CALL_INVALID' })
})

test('nothing is handed out without the key, which only who has the token is told', async (t) => {
  const { call, engine, served, token, ask, status, bytesOf, home } = await desk(t)
  const { download, path } = await call('downloads.begin', { name: 'codes.csv' })
  writeFileSync(path, 'secret')
  const own = `http://127.0.0.1:${served.port}`
  for (const address of [
    '/downloads/',
    '/downloads',
    `/downloads/${download}`,
    `/downloads/${download}/codes.csv`,
    '/downloads/codes.csv',
    `/downloads/${token}`,
    `/downloads/?token=${token}`,
    `/downloads/${download}?token=${token}`,
    `/downloads/${'A'.repeat(43)}`,
    `/downloads/../downloads/${download}/codes.csv?token=${token}`,
    `/downloads/..%2f..%2fdownloads%2f${download}%2fcodes.csv?token=${token}`,
    '/downloads/..%2fworkbench.sqlite',
    '/downloads/../workbench.sqlite',
    '/downloads/%2e%2e/workbench.sqlite',
    '/downloads/null',
    '/downloads/%00',
    `/${download}/codes.csv`,
  ])
    assert.ok([403, 404].includes((await status(address))!), address)
  const { address } = await call('downloads.ready', { download })
  const key = address.slice('/downloads/'.length)
  assert.match(key, /^[\w-]{43}$/)
  assert.ok(!address.includes(token) && !address.includes(download))
  for (const [wrong, headers, method, expected] of [
    [address.slice(0, -1), {}, 'GET', 404],
    [`${address}A`, {}, 'GET', 404],
    [`${address}/`, {}, 'GET', 404],
    [`${address}/../../workbench.sqlite`, {}, 'GET', 404],
    [`/downloads/${key.toLowerCase() === key ? key.toUpperCase() : key.toLowerCase()}`, {}, 'GET', 404],
    [address, { host: `rebound.example:${served.port}` }, 'GET', 421],
    [address, { origin: 'http://elsewhere.example' }, 'GET', 403],
    [address, { origin: 'null' }, 'GET', 403],
    [address, {}, 'HEAD', 405],
    [address, {}, 'POST', 405],
  ] as const)
    assert.equal(await status(wrong, headers, method), expected, `${method} ${wrong}`)
  // None of these used it up.
  assert.equal(String(await bytesOf(await ask(address, { origin: own }))), 'secret')

  const second = await call('downloads.begin', { name: 'codes.csv' })
  writeFileSync(second.path, 'secret')
  const ended = await call('downloads.ready', { download: second.download })
  await call('downloads.end', { download: second.download })
  assert.equal(await status(ended.address), 404, 'one that was given up')
  const linked = await call('downloads.begin', { name: 'codes.csv' })
  writeFileSync(join(home, 'other'), 'secret')
  symlinkSync(join(home, 'other'), linked.path)
  const { address: leads } = await call('downloads.ready', { download: linked.download })
  if (process.platform !== 'win32') assert.equal(await status(leads), 404, 'a link')
  assert.ok(await engine.handle('engine.status', {}))
})

test('a download that is broken off is removed, and many are on their way at most', async (t) => {
  const { call, ask, ended, left, emptied, home } = await desk(t)
  const { download, path } = await call('downloads.begin', { name: 'large.npz' })
  // More than the buffers between here and there hold.
  writeFileSync(path, Buffer.alloc(64 * 2 ** 20))
  const { address } = await call('downloads.ready', { download })
  const response = await ask(address)
  await once(response, 'readable')
  response.read(1)
  response.destroy()
  assert.equal(await ended(download), 'broken')
  await emptied()
  const begun = []
  for (let count = 0; count < 100; count++) begun.push((await call('downloads.begin', { name: 'a.csv' })).download)
  await assert.rejects(call('downloads.begin', { name: 'a.csv' }), { code: 'CALL_INVALID' })
  for (const each of begun) await call('downloads.end', { download: each })
  await emptied()
  assert.deepEqual(left(), [])
  assert.ok(existsSync(home))
})

test('what nobody fetches is removed', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const folder = temporaryFolder(t)
  const told: string[] = []
  const downloads = createDownloads(
    { downloads: join(folder, 'downloads') },
    (event) => void (event.type === 'download' && told.push(event.state)),
    () => assert.fail('nothing goes wrong'),
  )
  const left = downloads.begin('left.csv', false)
  const { download, path } = downloads.begin('ready.csv', false)
  writeFileSync(path, 'a')
  const { address } = await downloads.ready(download)
  t.mock.timers.tick(9 * 60_000)
  assert.deepEqual(told, [])
  t.mock.timers.tick(60_000)
  assert.deepEqual(told, ['expired'])
  assert.equal(await downloads.take(address.slice('/downloads/'.length)), null)
  // One whose file takes long to make is kept for longer.
  t.mock.timers.tick(23 * 3600_000)
  writeFileSync(left.path, 'b')
  assert.ok(await downloads.ready(left.download))
  downloads.close()
  t.mock.timers.tick(24 * 3600_000)
  assert.deepEqual(told, ['expired'])
  assert.ok(!existsSync(join(folder, 'downloads')))
})

test('what an end by force left is removed at the next start, and what is left at an orderly end with it', async (t) => {
  const home = homeWithDataset(t)
  mkdirSync(join(home, 'downloads', 'abc'), { recursive: true })
  writeFileSync(join(home, 'downloads', 'abc', 'codes.npz'), 'left')
  const engine = createEngine({ home, workerScript: fakeWorker, threads: 2 })
  assert.ok(!existsSync(join(home, 'downloads')))
  const { path } = (await engine.handle('downloads.begin', { name: 'a.csv' })) as { path: string }
  writeFileSync(path, 'x')
  await engine.close()
  assert.ok(!existsSync(join(home, 'downloads')))
})

test('a folder is sent as one archive', async (t) => {
  const { call, ask, bytesOf, left } = await desk(t)
  const { download, path } = await call('downloads.begin', { name: 'models', folder: true })
  mkdirSync(path)
  for (const name of ['index.json', 'ü.onnx']) writeFileSync(join(path, name), name)
  const { name, bytes, address } = await call('downloads.ready', { download })
  assert.equal(name, 'models.zip')
  assert.deepEqual(readdirSync(join(path, '..')), ['models.zip'])
  const archive = await bytesOf(await ask(address))
  assert.equal(archive.length, bytes)
  const parts = Object.entries(unzipSync(archive)).map(([part, content]) => [part, String(Buffer.from(content))])
  assert.deepEqual(parts, [
    ['models/index.json', 'index.json'],
    ['models/ü.onnx', 'ü.onnx'],
  ])
  assert.ok(left().length <= 1)
})

test('names that lead elsewhere, deceive or cannot be kept are refused, and only begun places are free in the home', async (t) => {
  const { call, home } = await desk(t)
  for (const name of [
    '',
    ' ',
    '.',
    '..',
    '../a.onnx',
    'a/b.onnx',
    'a\\b.onnx',
    '/etc/passwd',
    'C:\\a.onnx',
    '.bashrc',
    'a\0.onnx',
    'a\n.onnx',
    'a\u202Exnno.exe',
    'a:b',
    'a"b',
    'con',
    'NUL.onnx',
    'a.',
    'ö'.repeat(101),
  ])
    await assert.rejects(call('downloads.begin', { name }), { code: 'EXPORT_UNWRITABLE', field: 'out' }, JSON.stringify(name))
  const { path } = await call('downloads.begin', { name: ' a.onnx ' })
  assert.equal(await checkTarget(path, false, home), path)
  writeFileSync(path, 'x')
  for (const taken of [
    path,
    join(home, 'downloads', 'a.onnx'),
    join(home, 'downloads', 'unknown', 'a.onnx'),
    join(path, '..', 'deeper', 'a.onnx'),
    join(home, 'runs', 'a.onnx'),
  ])
    await assert.rejects(checkTarget(taken, true, home), { code: 'EXPORT_UNWRITABLE' }, taken)
})
