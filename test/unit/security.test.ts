import { test } from 'node:test'
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')
const text = (name: string): string => readFileSync(join(root, name), 'utf8')

test("what SECURITY.md names is there, and it goes through all of Electron's points", () => {
  const document = text('SECURITY.md')
  const named = [...document.matchAll(/`((?:src|test|bench)\/[^`]+)`/g)].map(([, path]) => path!)
  assert.ok(named.length > 30)
  assert.deepEqual(
    named.filter((path) => !existsSync(join(root, path))),
    [],
  )
  assert.deepEqual(
    [...document.matchAll(/^(\d+)\. \*/gm)].map(([, number]) => Number(number)),
    Array.from({ length: 20 }, (_, index) => index + 1),
  )
})

test('the shell, the preload and the page use nothing that Electron warns of', () => {
  const sources = [
    'src/main/index.ts',
    ...['src/main/app', 'src/preload', 'src/renderer'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.(ts|svelte|html)$/.test(name))
        .map((name) => join(folder, name)),
    ),
  ]
  const warned = new RegExp(
    'openExternal|allowRunningInsecureContent|experimentalFeatures|enableBlinkFeatures|<webview|allowpopups|webSecurity: false' +
      String.raw`|nodeIntegration\w*: true|contextIsolation: false|sandbox: false|webviewTag: true` +
      String.raw`|\bremote\b.*from 'electron'|\{@html`,
  )
  assert.deepEqual(
    sources.filter((name) => warned.test(text(name))),
    [],
  )
  // What is never to be left to a default.
  for (const setting of [
    'contextIsolation: true',
    'sandbox: true',
    'nodeIntegration: false',
    'nodeIntegrationInWorker: false',
    'nodeIntegrationInSubFrames: false',
    'webSecurity: true',
    'webviewTag: false',
  ]) {
    assert.ok(text('src/main/app/window.ts').includes(setting), setting)
  }
  assert.match(text('src/main/app/security.ts'), /'will-attach-webview', \(event\) => event\.preventDefault\(\)/)
})
