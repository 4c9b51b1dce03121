// `npm start`: sets up what is missing, builds what changed, and opens the workbench: in an Electron window where that can be,
// else in the browser.
// What follows `--` goes to the workbench: npm start -- --home DIR --port P. `--browser` asks for the browser.
import { ensureBuilt } from './build.mjs'
import { become } from './node24.mjs'
import { ensureSetUp } from './setup.mjs'
import { electronPath, hasDisplay, installElectron } from './setup/electron.mjs'
import { node24Path, root } from './setup/places.mjs'
import { fail, say } from './setup/report.mjs'
import { join } from 'node:path'

/** Why there is no window, or null. */
async function whyBrowser(asked) {
  if (asked) return 'it was asked for'
  if (!hasDisplay()) return 'there is no display'
  const reason = await installElectron()
  return reason && `Electron is not installed: ${reason}; npm run setup -- --electron tries again`
}

async function start(all) {
  await ensureSetUp()
  await ensureBuilt()
  const args = all.filter((each) => each !== '--browser')
  const reason = await whyBrowser(args.length < all.length)
  if (reason === null) {
    say(
      'Opening the workbench in its own window (Electron, ' +
        `${process.env.ELECTRON_OVERRIDE_DIST_PATH ? 'the one that ELECTRON_OVERRIDE_DIST_PATH names' : 'there is a display'})`,
    )
    // Chromium's sandbox refuses to work for root, and root on Linux is a container or a test machine.
    const unboxed = process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : []
    become(electronPath(), [...unboxed, root, ...args])
  } else {
    say(`Opening the workbench in the browser (${reason})`)
    const open = hasDisplay() && !args.includes('--open') ? ['--open'] : []
    become(node24Path(), [join(root, 'src', 'main', 'engine', 'serve.ts'), ...args, ...open])
  }
}

await start(process.argv.slice(2)).catch(fail)
