import { test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createHmac } from 'node:crypto'
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { request, type IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { WebSocket, type ClientOptions } from 'ws'
import { connectToEngine } from '../../src/shared/connection.ts'
import { serveBrowser } from '../../src/main/engine/browser/server.ts'
import { homeWithDataset, temporaryFolder, testEngine } from '../fixtures/homes.ts'

async function server(t: TestContext) {
  const folder = temporaryFolder(t)
  const root = join(folder, 'renderer')
  mkdirSync(join(root, 'assets'), { recursive: true })
  writeFileSync(join(root, 'index.html'), '<!doctype html>')
  writeFileSync(join(root, 'assets', 'main.js'), 'export {}')
  writeFileSync(join(folder, 'secret.js'), 'secret')
  symlinkSync(join(folder, 'secret.js'), join(root, 'assets', 'link.js'))
  const { engine } = testEngine(t, homeWithDataset(t))
  const served = await serveBrowser(engine, root)
  t.after(() => served.close())
  const { searchParams, host } = new URL(served.url)
  return { engine, served, host, root, token: searchParams.get('token')! }
}

/** `path` goes out as it is, unlike with fetch, which would tidy it up. */
const get = (port: number, path: string, headers: Record<string, string> = {}, method = 'GET') =>
  new Promise<{ status: number; text: string; headers: IncomingHttpHeaders }>((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers, method }, (response) => {
      let text = ''
      response
        .setEncoding('utf8')
        .on('data', (part: string) => {
          text += part
        })
        .on('end', () => resolve({ status: response.statusCode!, text, headers: response.headers }))
    })
      .on('error', reject)
      .end()
  })

const policyOf = (headers: IncomingHttpHeaders) => String(headers['content-security-policy'])

test('the page needs the token, the right Host and no foreign Origin', async (t) => {
  const {
    served: { port },
    host,
    token,
  } = await server(t)
  const page = await get(port, `/?token=${token}`)
  assert.equal(page.status, 200)
  assert.match(policyOf(page.headers), /^default-src 'none'; script-src 'self';.*frame-ancestors 'none'/)
  assert.ok(policyOf(page.headers).includes(`ws://127.0.0.1:${port} ws://localhost:${port}`))
  assert.equal(page.headers['x-content-type-options'], 'nosniff')
  assert.equal(page.headers['referrer-policy'], 'no-referrer')
  assert.equal(
    (await get(port, `/index.html?token=${token}`, { host: `localhost:${port}`, origin: `http://localhost:${port}` })).status,
    200,
  )
  for (const path of ['/', '/?token=', `/?token=${token}x`, `/?token=${'A'.repeat(token.length)}`, '/index.html'])
    assert.equal((await get(port, path)).status, 403, path)
  assert.equal((await get(port, `/?token=${token}`, { host: `rebound.example:${port}` })).status, 421)
  assert.equal((await get(port, `/?token=${token}`, { origin: 'http://elsewhere.example' })).status, 403)
  assert.equal((await get(port, `/?token=${token}`, { origin: 'null' })).status, 403)
  assert.equal((await get(port, `/?token=${token}`, {}, 'POST')).status, 405)
  assert.equal(host, `127.0.0.1:${port}`)
})

test('every way to write the address of the page needs the token', async (t) => {
  const {
    served: { port },
    token,
    root,
  } = await server(t)
  symlinkSync(join(root, 'index.html'), join(root, 'assets', 'alias.js'))
  linkSync(join(root, 'index.html'), join(root, 'assets', 'hard.js'))
  writeFileSync(join(root, 'assets', 'other.html'), '<!doctype html>other')
  const forms = [
    '/',
    '/index.html',
    '/./index.html',
    '/.//index.html',
    '//index.html',
    '///index.html',
    '/%69ndex.html',
    '/index%2ehtml',
    '/index.htm%6c',
    '/%2e/index.html',
    '/assets/../index.html',
    '/assets/%2e%2e/index.html',
    '/assets/..%2findex.html',
    '/assets//..//index.html',
    '/x/../index.html',
    '/..%2findex.html',
    '/..%2frenderer%2findex.html',
    '/index.html/',
    '/index.html/.',
    '/index.html//',
    '/index.html;a',
    '/index.html%00',
    '/INDEX.HTML',
    '/Index.Html',
    '/%2569ndex.html',
    '/index.html?x',
    '/index.html?token=',
    '/?token=&token=',
    '/#',
    '/?',
    '/.',
    '/..',
    '/./',
    '/%2e',
    '/%2f',
    '/%2findex.html',
    '\\index.html',
    '/\\index.html',
    '/assets/alias.js',
    '/assets/hard.js',
    '/assets/other.html',
    'http://127.0.0.1/index.html',
    'http://elsewhere.example/index.html',
    'index.html',
    '*',
    '/assets/..;/index.html',
    '/index.html%20',
    '/index.html%2f',
    '/%c0%aeindex.html',
    '/assets/..%5cindex.html',
  ]
  for (const form of forms) {
    for (const method of ['GET', 'HEAD']) {
      const { status, text } = await get(port, form, {}, method)
      assert.ok([400, 403, 404].includes(status), `${method} ${form}: ${status}`)
      assert.ok(!text.includes('<!doctype'), form)
    }
  }
  for (const form of [
    '/',
    '/index.html',
    '/./index.html',
    '/%69ndex.html',
    '/assets/../index.html',
    '/assets/alias.js',
    '/assets/other.html',
  ]) {
    assert.match((await get(port, `${form}?token=${token}`)).text, /^<!doctype html>/, form)
    assert.equal((await get(port, `${form}?token=${token.toLowerCase()}`)).status, 403, form)
  }
  assert.equal((await get(port, '/assets/main.js')).status, 200)
})

test('who answers proves that it knows the token, without telling it', async (t) => {
  const {
    served: { port },
    token,
  } = await server(t)
  const challenge = 'ab'.repeat(32)
  const { status, text } = await get(port, `/proof?challenge=${challenge}`)
  assert.deepEqual([status, text], [200, createHmac('sha256', token).update(challenge).digest('hex')])
  for (const odd of ['', 'x', 'ab', 'ab'.repeat(65), 'AB'.repeat(32)])
    assert.equal((await get(port, `/proof?challenge=${odd}`)).status, 400, odd)
  assert.equal((await get(port, `/proof?challenge=${challenge}`, { origin: 'http://elsewhere.example' })).status, 403)
  assert.equal((await get(port, `/proof?challenge=${challenge}`, { host: 'rebound.example' })).status, 421)
})

test('only files of the renderer are served', async (t) => {
  const {
    served: { port },
  } = await server(t)
  assert.equal((await get(port, '/assets/main.js')).text, 'export {}')
  for (const path of [
    '/../secret.js',
    '/assets/../../secret.js',
    '/%2e%2e/secret.js',
    '/..%2fsecret.js',
    '/assets/..%5c..%5csecret.js',
    '/assets/link.js',
    '//etc/passwd',
    '/assets',
    '/assets/%00.js',
    '/%',
    '/missing.js',
  ]) {
    const answer = await get(port, path)
    assert.equal(answer.status, 404, path)
    assert.ok(!answer.text.includes('secret'))
  }
})

test('what is no address is refused and ends nothing', async (t) => {
  const {
    engine,
    served: { port },
  } = await server(t)
  for (const path of ['//', '///', '//:', '/\\\\', 'http://[', '*']) {
    const { status } = await get(port, path)
    assert.ok(status === 400 || status === 403 || status === 404, `${path}: ${status}`)
  }
  assert.ok(await engine.handle('engine.status', {}))
})

const outcome = (url: string, options: ClientOptions) =>
  new Promise<number | 'open'>((resolve) => {
    const socket = new WebSocket(url, options)
    socket.on('open', () => {
      socket.close()
      resolve('open')
    })
    socket.on('unexpected-response', (_, response) => {
      response.resume()
      resolve(response.statusCode!)
    })
    socket.on('error', () => {})
  })

test('the socket needs the token, the right Host and our own Origin', async (t) => {
  const {
    served: { port },
    token,
  } = await server(t)
  const origin = `http://127.0.0.1:${port}`
  const address = `ws://127.0.0.1:${port}/engine?token=${token}`
  assert.equal(await outcome(address, { origin }), 'open')
  assert.equal(await outcome(`ws://127.0.0.1:${port}/engine?token=wrong`, { origin }), 403)
  assert.equal(await outcome(`ws://127.0.0.1:${port}/engine`, { origin }), 403)
  assert.equal(await outcome(`ws://127.0.0.1:${port}/other?token=${token}`, { origin }), 403)
  assert.equal(await outcome(address, {}), 403, 'without an Origin')
  assert.equal(await outcome(address, { origin: 'http://elsewhere.example' }), 403)
  assert.equal(await outcome(address, { origin: `http://localhost:${port}` }), 403, 'an Origin that is not the Host')
  assert.equal(await outcome(address, { origin: 'http://rebound.example', headers: { host: 'rebound.example' } }), 421)
})

test('what is no message on the socket is dropped; calls and events go on', async (t) => {
  const {
    served: { port },
    token,
    engine,
  } = await server(t)
  const open = async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/engine?token=${token}`, { origin: `http://127.0.0.1:${port}` })
    await once(socket, 'open')
    return socket
  }
  const rude = await open()
  for (const bytes of [
    [],
    [0xc1],
    [0xc0],
    [1],
    [0x81, 0xa1, 0x74, 0xa1, 0x71],
    [0xdf, 255, 255, 255, 255],
    [0xc9, 255, 255, 255, 255, 1],
  ])
    rude.send(Buffer.from(bytes))
  rude.send('text is not spoken here')
  await once(rude, 'close')

  const socket = await open()
  const { promise, resolve } = Promise.withResolvers<string>()
  const { call } = connectToEngine(
    { post: (frame) => socket.send(frame), listen: (listener) => void socket.on('message', (data) => listener(data as Buffer)) },
    (event) => {
      if (event.type === 'dataset') resolve(event.dataset.name)
    },
  )
  await call('datasets.rename', { dataset: 'digits', name: 'renamed' })
  assert.equal(await promise, 'renamed')
  socket.terminate()
  assert.ok(await engine.handle('datasets.list', {}))
})
