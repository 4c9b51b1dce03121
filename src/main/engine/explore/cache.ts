import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decode, encode } from '../../../shared/codec.ts'
import type { Result } from '../../../shared/answers.ts'
import type { Asked } from './messages.ts'

/** Raised when answers change: what was kept before is not used any more. */
const version = 2
/** Answers that took longer are kept on disk too, in the run's folder, the latest ones of it up to so many bytes. */
const slowAfter = 300,
  mostOnDisk = 96 * 2 ** 20
const mostInMemory = 64 * 2 ** 20

export interface AnswerCache {
  find(asked: Asked): Result | null
  keep(asked: Asked, result: Result, milliseconds: number): void
}

/** Answers by network (run and file of weights), dataset and question. Whatever goes wrong with the disk, an answer is only not found. */
export function createCache(): AnswerCache {
  const memory = new Map<string, { result: Result; bytes: number }>()
  let total = 0

  const remember = (key: string, result: Result, bytes: number): void => {
    if (bytes > mostInMemory / 4) return
    total -= memory.get(key)?.bytes ?? 0
    memory.delete(key)
    memory.set(key, { result, bytes })
    total += bytes
    for (const [old, { bytes: freed }] of memory) {
      if (total <= mostInMemory) break
      memory.delete(old)
      total -= freed
    }
  }

  return {
    find(asked) {
      const key = keyOf(asked)
      if (key === null) return null
      const known = memory.get(key)
      if (known) {
        remember(key, known.result, known.bytes)
        return known.result
      }
      const file = fileOf(asked, key)
      try {
        const bytes = readFileSync(file)
        const result = decode(bytes) as Result
        if (result.kind !== asked.question.kind) return null
        utimesSync(file, new Date(), new Date())
        remember(key, result, bytes.length)
        return result
      } catch {
        return null
      }
    },
    keep(asked, result, milliseconds) {
      const key = keyOf(asked)
      if (key === null) return
      const bytes = encode(result)
      remember(key, result, bytes.length)
      if (milliseconds < slowAfter || bytes.length > mostOnDisk / 4) return
      // The run may have gone to the trash meanwhile: a folder in its old place would be taken for it.
      if (!existsSync(asked.target.runFolder)) return
      const file = fileOf(asked, key),
        partial = `${file}.${process.pid}.partial`
      try {
        mkdirSync(join(asked.target.runFolder, folderName), { recursive: true })
        writeFileSync(partial, bytes)
        renameSync(partial, file)
        makeRoom(join(asked.target.runFolder, folderName))
      } catch {
        rmSync(partial, { force: true })
      }
    },
  }
}

const folderName = 'answers'
const fileOf = ({ target }: Asked, key: string): string => join(target.runFolder, folderName, `${key}.bin`)

/** Null for questions about what may change or comes from a pointer: files of the user, places and values. */
function keyOf({ target, question, side, other }: Asked): string | null {
  const text = JSON.stringify(
    [version, target.key, target.dataset, target.collapsed, question, side ?? null, other],
    (_, value: unknown) => (ArrayBuffer.isView(value) ? { view: true } : value),
  )
  return /"view":true|"file":/.test(text) ? null : createHash('sha256').update(text).digest('hex').slice(0, 32)
}

/** Removes the answers that were not wanted for longest. */
function makeRoom(folder: string): void {
  const files = readdirSync(folder)
    .map((name) => {
      const file = join(folder, name),
        { size, mtimeMs } = statSync(file)
      return { file, size, mtimeMs }
    })
    .sort((a, b) => b.mtimeMs - a.mtimeMs)
  let kept = 0
  for (const { file, size } of files) if ((kept += size) > mostOnDisk) rmSync(file, { force: true })
}
