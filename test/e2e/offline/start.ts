import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { buildFirst } from '../windows.ts'
import { workplace } from './workplace.ts'

before(() => buildFirst())

test('npm start, once everything is set up, needs no network and asks for none', { timeout: 120_000 }, async (t) => {
  const place = workplace(t, { cwd: 'root' })
  // npm's own look for a newer npm, and its logs, are switched off in .npmrc. It makes an empty folder and lists this machine's
  // interfaces.
  const started = place.start('npm start', ['npm', 'start', '--', '--browser', '--home', place.home, '--port', '0'])
  assert.match(await started.said(/token=/), /Autoencoder Workbench: http:\/\/127\.0\.0\.1:\d+\//)
  started.signal('SIGTERM', /serve\.ts/)
  await started.ended
  assert.deepEqual(
    place.deeds().filter(({ what }) => !/^mkdir .*\/user\/\.npm$|^opened a socket \(AF_NETLINK, /.test(what)),
    [],
  )
})
