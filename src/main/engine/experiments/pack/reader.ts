import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parseJson } from '../../../../shared/json.ts'
import { LimitError, manifestLimits, type Limits } from '../../../../shared/limits.ts'
import { damagedFile, unsupportedFile } from '../../data/byte-stream.ts'
import { readZip, type ZipMember } from '../../data/zip.ts'
import { requirePackFile } from './packFile.ts'
import { formatVersion, manifestName, manifestSchema, type Manifest } from './manifest.ts'

/** Wrong in other files than those that we wrote. */
const foreign = 'is not a packed experiment; experiments are packed by the workbench, or by “experiment pack”.'

/** The parts of a packed experiment, each compared with the size and the checksum that the manifest says. */
export class PackReader {
  readonly manifest: Manifest
  readonly #file: string
  readonly #members: ReadonlyMap<string, ZipMember>
  readonly #unread: Set<string>
  readonly #parts: ReadonlyMap<string, Manifest['parts'][number]>
  readonly #onBytes: (bytes: number) => void

  private constructor(file: string, manifest: Manifest, members: ReadonlyMap<string, ZipMember>, onBytes: (bytes: number) => void) {
    this.#file = file
    this.manifest = manifest
    this.#members = members
    this.#unread = new Set(manifest.parts.map(({ name }) => name))
    this.#parts = new Map(manifest.parts.map((part) => [part.name, part]))
    this.#onBytes = onBytes
  }

  /**
   * Reads what a file says that it holds, and whether it does.
   * @param onBytes told of every piece that is read later; may throw to stop
   * @throws WorkbenchError FILE_DAMAGED, FILE_UNSUPPORTED; as of `requirePackFile`
   */
  static async open(file: string, onBytes: (bytes: number) => void): Promise<PackReader> {
    await requirePackFile(file)
    const members = await readZip(file)
    const byName = new Map(members.map((member) => [member.name, member]))
    if (byName.size !== members.length) throw damagedFile(file, 'it holds a part twice')
    const found = byName.get(manifestName)
    if (!found) throw unsupportedFile(file, foreign)
    if (found.size > manifestLimits.bytes) throw damagedFile(file, `${manifestName} is larger than it can be`)
    let written: unknown
    try {
      written = parseJson(await gathered(found), manifestLimits)
    } catch (cause) {
      if (cause instanceof LimitError) throw damagedFile(file, `${manifestName} is not what it should be: ${cause.message}`, cause)
      throw cause instanceof SyntaxError ? unsupportedFile(file, foreign) : cause
    }
    if (Number((written as { formatVersion?: unknown } | null)?.formatVersion) > formatVersion)
      throw unsupportedFile(file, 'was packed by a newer version of the workbench; update this one.')
    const manifest = manifestSchema.safeParse(written)
    if (!manifest.success) throw unsupportedFile(file, foreign)
    byName.delete(manifestName)
    for (const { name, bytes } of manifest.data.parts) {
      if (byName.get(name)?.size !== bytes) throw damagedFile(file, `${name} is missing, or has another size`)
    }
    const listed = new Set(manifest.data.parts.map(({ name }) => name))
    const stranger = [...byName.keys()].find((name) => !listed.has(name))
    if (stranger !== undefined || listed.size !== manifest.data.parts.length)
      throw damagedFile(file, 'it holds what its manifest does not list')
    return new PackReader(file, manifest.data, byName, onBytes)
  }

  /** Names of the parts that begin so, in the manifest's order. */
  names(beginning: string): string[] {
    return this.manifest.parts.map(({ name }) => name).filter((name) => name.startsWith(beginning))
  }

  /** A part that is read whole: rows, curves and pictures are; weights and pixels are not. */
  async bytes(name: string, { bytes: most }: Limits): Promise<Buffer> {
    const pieces: Buffer[] = []
    await this.#pass(name, (piece) => void pieces.push(piece), most)
    return Buffer.concat(pieces)
  }

  /** @throws LimitError, SyntaxError beside those of a damaged file */
  async json(name: string, limits: Limits): Promise<unknown> {
    return parseJson(await this.bytes(name, limits), limits)
  }

  /** Writes a part into a file, synced; a part that turns out to be damaged leaves a file to be thrown away. */
  async extract(name: string, target: string): Promise<void> {
    mkdirSync(dirname(target), { recursive: true })
    const handle = await open(target, 'wx')
    try {
      await this.#pass(name, async (piece) => {
        await handle.writeFile(piece)
      })
      await handle.sync()
    } finally {
      await handle.close()
    }
  }

  /** Reads a part only to compare it. */
  compare(name: string): Promise<void> {
    return this.#pass(name, () => {})
  }

  /** Keeps bytes of a part that were read, and understood, for later. */
  keep(bytes: Uint8Array, target: string): void {
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, bytes)
  }

  /** What nobody asked for was not compared either. */
  requireAllRead(): void {
    const [left] = this.#unread
    if (left !== undefined) throw damagedFile(this.#file, `${left} belongs to nothing in it`)
  }

  async #pass(name: string, take: (piece: Buffer) => void | Promise<void>, most = Infinity): Promise<void> {
    const part = this.#parts.get(name)
    if (!part) throw damagedFile(this.#file, `${name} is missing`)
    if (part.bytes > most) throw damagedFile(this.#file, `${name} is larger than it can be`)
    const hash = createHash('sha256')
    for await (const piece of this.#members.get(name)!.pieces()) {
      hash.update(piece)
      await take(piece)
      this.#onBytes(piece.length)
    }
    if (hash.digest('hex') !== part.sha256) throw damagedFile(this.#file, `the checksum of ${name} is wrong`)
    this.#unread.delete(name)
  }
}

async function gathered(member: ZipMember): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of member.pieces()) pieces.push(piece)
  return Buffer.concat(pieces)
}
