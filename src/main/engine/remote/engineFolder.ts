import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
} from 'node:fs'
import {
  lstatSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { z } from 'zod'
import { WorkbenchError } from '../../../shared/errors.ts'
import { version } from '../version.ts'

/**
 * The engine for tasks elsewhere, as a folder: Node, the sources and packages that a training loads, and TensorFlow's libraries.
 * Nothing has to be installed where it is run.
 */

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const stampName = 'engine.json'
/** Files from this size on are linked rather than copied where they lie on one disk. */
const large = 2 ** 20

const stampSchema = z.object({
  version: z.string(),
  platform: z.string(),
  /** Of names, sizes and times of what it was made of. */
  key: z.string(),
  /** What Node and TensorFlow's libraries need at least: version of the C library. */
  glibc: z.string().nullable(),
  files: z.int(),
  bytes: z.number(),
})
export type EngineStamp = z.infer<typeof stampSchema>

/** What an engine's folder says of itself; null where there is no whole one. */
export function engineStamp(folder: string): EngineStamp | null {
  try {
    return stampSchema.parse(JSON.parse(readFileSync(join(folder, stampName), 'utf8')))
  } catch {
    return null
  }
}

/** Everything that belongs to it: where it lies here, and its name in the folder. */
async function parts(): Promise<Map<string, string>> {
  const { stdout } = await promisify(execFile)(process.execPath, [here('./loaded.ts')], { maxBuffer: 2 ** 26 })
  const loaded = (JSON.parse(stdout.slice(stdout.indexOf('["'))) as string[]).filter((file) => file.startsWith(root))
  const found = new Map<string, string>()
  const add = (file: string): void => void (existsSync(file) && found.set(file, relative(root, file)))
  for (const file of [...loaded, here('./task.ts'), here('../jobs/worker.ts')]) {
    add(file)
    // What says how the files of a package are to be read.
    if (file.includes(`${sep}node_modules${sep}`))
      for (let folder = dirname(file); !folder.endsWith(`${sep}node_modules`); folder = dirname(folder))
        add(join(folder, 'package.json'))
  }
  const libraries = join(root, 'node_modules', '@tensorflow', 'tfjs-node', 'deps', 'lib')
  for (const name of readdirSync(libraries)) if (/\.so(\.|$)/.test(name)) add(join(libraries, name))
  found.set(realpathSync(process.execPath), join('bin', 'node'))
  return found
}

/** Whether it is another name of a library beside it. */
const isFurtherName = (file: string): boolean => lstatSync(file).isSymbolicLink() && !readlinkSync(file).includes(sep)

/** The newest version of the C library that a program or a library names. */
function glibcOf(file: string): number {
  const descriptor = openSync(file, 'r')
  try {
    const word = 'GLIBC_2.'
    let newest = 0,
      tail = ''
    const buffer = Buffer.alloc(2 ** 23)
    for (let got = readSync(descriptor, buffer); got > 0; got = readSync(descriptor, buffer)) {
      const text = tail + buffer.toString('latin1', 0, got)
      for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
        const minor = Number(/^\d+/.exec(text.slice(at + word.length, at + word.length + 3))?.[0] ?? 0)
        newest = Math.max(newest, minor)
      }
      tail = text.slice(-16)
    }
    return newest
  } finally {
    closeSync(descriptor)
  }
}

/** Links or copies one file; a further name of one beside it stays that. */
function place(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  if (isFurtherName(from)) return symlinkSync(readlinkSync(from), to)
  const { size } = statSync(from)
  try {
    if (size < large) throw new Error('small')
    linkSync(realpathSync(from), to)
  } catch {
    copyFileSync(from, to, constants.COPYFILE_FICLONE)
  }
}

/** What an engine is made of, and what tells it from others. */
export interface EngineParts {
  /** Where each file lies here, and its name in the engine. */
  files: Map<string, string>
  key: string
}

/** @throws WorkbenchError FILE_UNSUPPORTED where this machine's cannot run on others */
export async function engineParts(): Promise<EngineParts> {
  if (process.platform !== 'linux')
    throw new WorkbenchError(
      'FILE_UNSUPPORTED',
      `Clusters run Linux, and this workbench runs on ${process.platform}: send the experiment from a Linux machine.`,
      { field: 'folder' },
    )
  const files = await parts()
  const hash = createHash('sha256')
  for (const [file, name] of [...files].sort(([, one], [, other]) => (one < other ? -1 : 1))) {
    const { size, mtimeMs } = statSync(file)
    hash.update(`${name} ${size} ${mtimeMs}\n`)
  }
  return { files, key: hash.digest('hex').slice(0, 16) }
}

const isNative = (name: string): boolean => /\.(so|node)(\.|$)/.test(name) || name === join('bin', 'node')
/** The version of the C library that these files need; null where they name none. */
function glibcFor(files: readonly string[]): string | null {
  const minor = Math.max(0, ...files.filter((file) => !isFurtherName(file) && statSync(file).size > 0).map(glibcOf))
  return minor === 0 ? null : `2.${minor}`
}

let needed: Promise<string | null> | null = null
/** The version of the C library that this workbench's engine needs; found out once. */
export const engineGlibc = (): Promise<string | null> =>
  (needed ??= engineParts().then(({ files }) => glibcFor([...files].flatMap(([file, name]) => (isNative(name) ? [file] : [])))))

/**
 * Makes the engine in a folder, unless that has this one already; a half made one is made anew.
 * @param onBytes is told of what was put there
 * @throws what the disk throws; the signal's reason
 */
export async function makeEngine(
  folder: string,
  { files: all, key }: EngineParts,
  signal: AbortSignal,
  onBytes: (bytes: number) => void = () => {},
): Promise<EngineStamp> {
  const present = engineStamp(folder)
  if (present?.key === key) return present
  const partial = `${folder}.${process.pid}.partial`
  rmSync(partial, { recursive: true, force: true })
  let bytes = 0
  const natives: string[] = []
  for (const [file, name] of all) {
    signal.throwIfAborted()
    place(file, join(partial, name))
    const size = isFurtherName(file) ? 0 : statSync(file).size
    if (isNative(name)) natives.push(file)
    bytes += size
    onBytes(size)
    await setImmediate()
  }
  chmodSync(join(partial, 'bin', 'node'), 0o755)
  writeFileSync(
    join(partial, 'package.json'),
    JSON.stringify({ name: 'autoencoder-workbench-engine', type: 'module', version, private: true }),
  )
  const stamp: EngineStamp = {
    version,
    platform: `${process.platform}-${process.arch}`,
    key,
    glibc: glibcFor(natives),
    files: all.size + 2,
    bytes,
  }
  writeFileSync(join(partial, stampName), `${JSON.stringify(stamp, null, 2)}\n`)
  rmSync(folder, { recursive: true, force: true })
  renameSync(partial, folder)
  return stamp
}
