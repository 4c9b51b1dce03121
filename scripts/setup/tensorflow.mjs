// TensorFlow's libraries and the native addon of tfjs-node. First from the user's cache; then in tfjs-node's own way, which
// downloads both from a
// storage host; then out of a wheel of the Python package index, with an addon that is compiled here.
import { existsSync } from 'node:fs'
import { copyFile, cp, link, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeFolder, run, watchFolder } from './files.mjs'
import { answers } from './download.mjs'
import { cacheFolder, keyOf, node24Path, nodePackage, packageFolder, platform, root } from './places.mjs'
import { withWheel } from './pypi.mjs'
import { progress, say, SetupError, waiting } from './report.mjs'
import { addonPath, librariesPath, libraryName } from './stamp.mjs'
import { unpackEntry, zipEntries } from './zip.mjs'

const version = '2.15.1'
const wheel = (name, tags, sha256, bytes) => ({
  name,
  version,
  file: `${name.replaceAll('-', '_')}-${version}-cp311-cp311-${tags}.whl`,
  sha256,
  bytes,
  title: "TensorFlow's libraries",
})
const wheels = {
  'linux-x64': wheel(
    'tensorflow-cpu',
    'manylinux_2_17_x86_64.manylinux2014_x86_64',
    '54660c074d7241a503e81edfd9f5ef5af88f64051b72e2945f26318c790f2d26',
    207208420,
  ),
  'linux-arm64': wheel(
    'tensorflow-cpu-aws',
    'manylinux_2_17_aarch64.manylinux2014_aarch64',
    'd4c3a3a9363bf42999adedbbd514e3a133be2d62f61fee9cfa46aaefb087c09e',
    211_874_120,
  ),
  'darwin-x64': wheel(
    'tensorflow',
    'macosx_10_15_x86_64',
    '6761efe511e6ee0f893f60738fefbcc51d6dc386eeaaafea59d21899ef369ffd',
    236_482_723,
  ),
  'darwin-arm64': wheel(
    'tensorflow',
    'macosx_12_0_arm64',
    'aa926114d1e13ffe5b2ea59c3f195216f26646d7fe36e9e5207b291e4b7902ff',
    205_736_374,
  ),
}

/** The headers that the addon includes, directly or not. */
const headers = new RegExp(
  String.raw`^tensorflow/include/(tensorflow/c/.*\.h|tensorflow/core/platform/ctstring\w*\.h|tsl/c/tsl_status\.h` +
    String.raw`|tsl/platform/ctstring\w*\.h)$`,
)
const library = /^tensorflow\/(libtensorflow_(?:cc|framework)\.(?:so\.2|2\.dylib))$/

const tfjsFolder = packageFolder('@tensorflow/tfjs-node')
const tfjsVersion = async () => JSON.parse(await readFile(join(tfjsFolder, 'package.json'), 'utf8')).version
const wheelFolder = () =>
  wheels[platform] && join(cacheFolder(), `libtensorflow-${version}-${wheels[platform].sha256.slice(0, 16)}`)
const ownFolder = async () => join(cacheFolder(), `libtensorflow-tfjs-node-${await tfjsVersion()}-${platform}`)
const addonFolder = async (libraries) => join(cacheFolder(), `tfjs-addon-${keyOf(libraries, await tfjsVersion(), platform)}`)

/** Other names under which the two libraries are looked for: by the linker, by the addon, by tfjs-node's installer. */
async function nameLibraries(lib) {
  const names =
    process.platform === 'darwin'
      ? [
          ['libtensorflow_cc.2.dylib', 'libtensorflow.dylib', 'libtensorflow.2.dylib'],
          ['libtensorflow_framework.2.dylib', 'libtensorflow_framework.dylib'],
        ]
      : [
          ['libtensorflow_cc.so.2', 'libtensorflow.so', 'libtensorflow.so.2', 'libtensorflow.so.2.9.1'],
          ['libtensorflow_framework.so.2', 'libtensorflow_framework.so'],
        ]
  for (const [real, ...others] of names) for (const other of others) await symlink(real, join(lib, other))
}

async function unpackWheel(folder) {
  await withWheel(wheels[platform], async (file) => {
    const shown = waiting("Unpacking TensorFlow's libraries")
    try {
      for (const entry of await zipEntries(file)) {
        const found = library.exec(entry.name)
        if (found) await unpackEntry(file, entry, join(folder, 'lib', found[1]))
        else if (headers.test(entry.name)) await unpackEntry(file, entry, join(folder, entry.name.slice('tensorflow/'.length)))
      }
    } finally {
      shown.done()
    }
  })
  await nameLibraries(join(folder, 'lib'))
}

async function compiler() {
  const candidates = process.env.CXX
    ? [process.env.CXX]
    : process.platform === 'darwin'
      ? ['clang++', 'g++']
      : ['g++', 'clang++', 'c++']
  for (const each of candidates) if ((await run(each, ['--version'])).code === 0) return each
  const remedy =
    process.platform === 'darwin'
      ? 'xcode-select --install'
      : 'on Debian or Ubuntu "sudo apt-get install g++", on Fedora "sudo dnf install gcc-c++"'
  throw new SetupError(
    `A C++ compiler is needed to build the link to TensorFlow, and none was found: install one (${remedy}), then run the command again.`,
  )
}

/**
 * Compiles tfjs-node's addon (plain Node-API) against the libraries in `libraries`, with the headers that the project's Node 24
 * brings.
 */
async function compileAddon(program, libraries, folder) {
  const shown = waiting('Compiling the link to TensorFlow')
  const binding = join(tfjsFolder, 'binding')
  const sources = (await readdir(binding)).filter((name) => name.endsWith('.cc')).map((name) => join(binding, name))
  const place =
    process.platform === 'darwin'
      ? ['-undefined', 'dynamic_lookup', '-Wl,-rpath,@loader_path/../../deps/lib']
      : ['-Wl,-rpath,$ORIGIN/../../deps/lib']
  const args = [
    '-std=c++17',
    '-O2',
    '-shared',
    '-fPIC',
    '-DNAPI_VERSION=8',
    '-I',
    join(packageFolder(nodePackage()), 'include', 'node'),
    '-I',
    dirname(tfjsFolder),
    '-I',
    join(libraries, 'include'),
    '-o',
    join(folder, 'tfjs_binding.node'),
    ...sources,
    '-L',
    join(libraries, 'lib'),
    '-ltensorflow',
    '-ltensorflow_framework',
    ...place,
  ]
  const { code, output } = await run(program, args)
  shown.done()
  if (code !== 0) {
    const line = output.split('\n').find((each) => /error|fatal/i.test(each)) ?? output.trim().split('\n').at(-1)
    throw new SetupError(
      `The link to TensorFlow could not be compiled with ${program} (${line?.trim()}): ` +
        'install a newer g++ or clang++ (C++17), name it in CXX, then run the command again.',
    )
  }
}

/** Makes `place` show what is in `folder`: a link, or where links are not allowed hard links, or copies. */
async function show(folder, place) {
  const old = `${place}.${process.pid}.old`
  await rename(place, old).catch((error) => {
    if (error.code !== 'ENOENT') throw error
  })
  try {
    await symlink(folder, place, process.platform === 'win32' ? 'junction' : 'dir')
  } catch {
    await mkdir(place, { recursive: true })
    for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
      const from = join(entry.parentPath ?? entry.path, entry.name)
      const to = join(place, from.slice(folder.length + 1))
      if (entry.isDirectory()) await mkdir(to, { recursive: true })
      else {
        await mkdir(dirname(to), { recursive: true })
        await link(from, to).catch(() => copyFile(from, to))
      }
    }
  }
  await rm(old, { recursive: true, force: true })
}

/**
 * Puts the cached libraries and addon into the package. The addon is a copy: Node resolves links, and it finds the libraries
 * relative to itself.
 */
async function place(libraries, addon) {
  await show(libraries, librariesPath())
  await mkdir(dirname(addonPath()), { recursive: true })
  const temporary = `${addonPath()}.${process.pid}`
  await copyFile(join(addon, 'tfjs_binding.node'), temporary)
  await rename(temporary, addonPath())
  await besideAddon(libraries)
}

/** Windows looks for a library beside the addon that needs it. */
async function besideAddon(libraries) {
  if (process.platform !== 'win32') return
  const dll = join(dirname(addonPath()), libraryName)
  await rm(dll, { force: true })
  await link(join(libraries, 'lib', libraryName), dll).catch(() => copyFile(join(libraries, 'lib', libraryName), dll))
}

/** Null when the addon in the package loads on the project's Node 24, else what the loader says. */
async function addonProblem() {
  if (!existsSync(addonPath())) return 'there is no addon'
  const { code, output } = await run(node24Path(), ['-e', `process.dlopen({ exports: {} }, ${JSON.stringify(addonPath())})`], {
    limit: 60_000,
  })
  return code === 0 ? null : (output.split('\n').find((line) => /Error/.test(line)) ?? `code ${code}`)
}

/**
 * tfjs-node's own way; the addon is compiled here where it cannot be had. False when the host cannot be reached or the outcome
 * does not load.
 */
async function ownWay(folder) {
  const host =
    process.env.TFJS_NODE_CDN_STORAGE ||
    process.env.CDN_STORAGE ||
    process.env.TFJS_NODE_BASE_URI ||
    'https://storage.googleapis.com/'
  if (!(await answers(host))) return false
  await rm(librariesPath(), { recursive: true, force: true })
  await rm(dirname(dirname(addonPath())), { recursive: true, force: true })
  const shown = progress("Downloading TensorFlow's libraries in tfjs-node's own way (bytes unpacked)", 0)
  const stop = watchFolder(librariesPath(), (bytes) => shown.at(bytes))
  const bin = join(root, 'node_modules', '.bin')
  const node = dirname(node24Path())
  const path = [node, bin, process.env.PATH].join(process.platform === 'win32' ? ';' : ':')
  const about = join(tfjsFolder, 'package.json')
  const before = await readFile(about)
  await run(node24Path(), ['scripts/install.js'], {
    cwd: tfjsFolder,
    env: { ...process.env, PATH: path, Path: path },
    limit: 10 * 60_000,
  })
  // Its installer writes into its own package.json, and may be ended while it does.
  await writeFile(about, before)
  stop()
  shown.done()
  try {
    // Its exit code says little: it is 0 after some failures, and not 0 on Windows after it looked for a newer Node-API than it
    // built for.
    if (!existsSync(join(librariesPath(), 'lib', libraryName))) return false
    await besideAddon(librariesPath())
    if ((await addonProblem()) === null)
      await makeFolder(await addonFolder(folder), (temporary) => copyFile(addonPath(), join(temporary, 'tfjs_binding.node')))
    else if (process.platform === 'win32') return false
    else
      await makeFolder(await addonFolder(folder), async (temporary) => compileAddon(await compiler(), librariesPath(), temporary))
    await makeFolder(folder, (temporary) => cp(librariesPath(), temporary, { recursive: true, verbatimSymlinks: true }))
    await place(folder, await addonFolder(folder))
    return (await addonProblem()) === null
  } catch (error) {
    if (error.code === 'ENOSPC') throw error
    return false
  }
}

/** Makes tfjs-node usable. Does nothing when it is; downloads only what the user's cache lacks. */
export async function installTensorflow() {
  const own = await ownFolder()
  if (existsSync(own) && existsSync(await addonFolder(own))) {
    await place(own, await addonFolder(own))
    if ((await addonProblem()) === null) return
  }
  const libraries = wheelFolder()
  if (!libraries || !existsSync(libraries)) {
    if (await ownWay(own)) return
    await rm(librariesPath(), { recursive: true, force: true })
    if (!libraries)
      throw new SetupError(
        `TensorFlow's libraries could not be downloaded from tfjs-node's storage host, and there is no other ` +
          'source of them for this platform: check the network connection, then run the command again.',
      )
    say("tfjs-node cannot get them in its own way here: taking TensorFlow's libraries from the Python package index")
  }
  const addon = await addonFolder(libraries)
  const program = existsSync(addon) ? null : await compiler()
  await makeFolder(libraries, unpackWheel)
  await makeFolder(addon, (folder) => compileAddon(program, libraries, folder))
  await place(libraries, addon)
  const problem = await addonProblem()
  if (problem)
    throw new SetupError(
      `TensorFlow does not load on this system (${problem}): delete ${cacheFolder()}, then run the command again.`,
    )
}
