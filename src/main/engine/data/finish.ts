import { createHash } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, readSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { BlockSums, checksumsText } from './checksums.ts'
import { classesLacking, classesOfTraining, doubtsOfClasses } from './classes.ts'
import { files, formatVersion, type DatasetIndex } from './index-file.ts'
import type { ProgressReporter } from './progress.ts'
import type { Imported, ImportRequest, Packed } from './request.ts'
import { areCopied, splitRows } from './test-split.ts'

/**
 * Decides the split, takes the fingerprint, writes everything beside the packed rows, syncs it and gives the folder its name:
 * a dataset's folder either is whole or does not exist.
 */
export async function finish(
  request: ImportRequest,
  partial: string,
  given: Packed,
  progress: ProgressReporter,
  signal?: AbortSignal,
): Promise<Imported> {
  // Parts of patches are drawn where their source brings none, and then say nothing of classes.
  const packed = given.copies === 'train' ? { ...given, notes: [], untrained: [] } : classesOfTraining(given),
    groups = given.groups ?? null
  const { kind, width, height, channels, count, labels, classes } = packed
  const split = splitRows(packed, packed.hashes, request, packed.copies)
  const { parts, test, validation, duplicates, movedToOneSide } = split,
    copies = duplicates > 0 && validation.length === 0 && areCopied(split.first, parts) ? split.first : null,
    whole = packed.copies !== 'train'
  const doubts = doubtsOfClasses({ classes, labels, parts, untrained: packed.untrained }, whole ? split.first : null)
  if (whole) doubts.push(...classesLacking({ classes, labels, groups }, parts))
  const notes = [...(given.notes ?? []), ...packed.notes, ...doubts, ...split.notes]
  const blocks = new BlockSums()
  const sha256 = await fingerprint(join(partial, files.pixels), packed, { test, validation }, progress, signal, (bytes) =>
    blocks.add(bytes),
  )

  const classCounts = classes.map(() => 0)
  for (const label of labels ?? []) if (label >= 0) classCounts[label]!++
  const bytes = count * width * height * channels * (kind === 'image' ? 1 : 4)
  const index: DatasetIndex = {
    version: formatVersion,
    kind,
    count,
    testCount: test.length,
    validationCount: validation.length,
    width,
    height,
    channels,
    classes,
    classCounts,
    sha256,
    source: packed.source ?? request.path,
    fit: request.fit,
    duplicates,
    movedToOneSide,
    skippedCount: packed.skipped.length,
    notes,
    bytes,
    createdAt: new Date().toISOString(),
    options: optionsOf(request),
    ...(groups ? { groupCount: new Set(groups).size - (groups.includes(-1) ? 1 : 0) } : {}),
    ...(copies ? { copies: true } : {}),
    ...(Buffer.isBuffer(packed.paths) ? {} : { parts: packed.paths }),
    ...(packed.contrastLimit === undefined ? {} : { contrastLimit: packed.contrastLimit }),
    ...(packed.ranges === undefined ? {} : { ranges: packed.ranges }),
  }
  const others: Record<string, Uint8Array> = {}
  const write = (name: string, content: string | Uint8Array) => {
    others[name] = typeof content === 'string' ? Buffer.from(content) : content
    writeFileSync(join(partial, name), content)
    sync(join(partial, name))
  }
  sync(join(partial, files.pixels))
  if (labels) write(files.labels, bytesOf(labels))
  if (groups) write(files.groups, bytesOf(groups))
  if (copies) write(files.copies, bytesOf(copies))
  write(files.test, bytesOf(test))
  if (validation.length > 0) write(files.validation, bytesOf(validation))
  if (Buffer.isBuffer(packed.paths)) write(files.paths, packed.paths)
  write(files.skipped, JSON.stringify(packed.skipped))
  write(files.index, JSON.stringify(index))
  write(files.checksums, checksumsText(blocks.finish(), others))
  sync(partial)
  signal?.throwIfAborted()
  if (existsSync(request.folder)) throw new Error(`${request.folder} exists already`)
  renameSync(partial, request.folder)
  sync(dirname(request.folder))

  return { id: request.id, name: request.name, ...datasetIn(index), skipped: packed.skipped }
}

/** What a dataset says of itself, without what only its folder needs. */
function datasetIn(index: DatasetIndex) {
  const {
    version: _version,
    parts: _parts,
    contrastLimit: _limit,
    options: _options,
    ranges: _ranges,
    groupCount: _groups,
    copies: _copies,
    ...dataset
  } = index
  return dataset
}

/** What the import was asked for, without where it is kept. */
function optionsOf(request: ImportRequest): Record<string, unknown> {
  const { id: _, name: __, folder: ___, dataset: ____, ...options } = request
  return options
}

const bytesOf = (array: Int32Array | Uint32Array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

/** Folders cannot be opened for this on Windows, which needs it least. */
function sync(path: string): void {
  let file: number
  try {
    file = openSync(path, process.platform === 'win32' ? 'r+' : 'r')
  } catch {
    return
  }
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** What a fingerprint is taken of beside pixels and parts: what is packed, or was opened, as it is. */
type Fingerprinted = Pick<Packed, 'kind' | 'count' | 'width' | 'height' | 'channels' | 'labels' | 'groups'> & {
  classes: readonly string[]
}

/** SHA-256 over geometry, class names, labels, test split and packed rows: equal content has an equal fingerprint. */
export async function fingerprint(
  pixels: string,
  packed: Fingerprinted,
  { test, validation }: { test: Uint32Array; validation: Uint32Array },
  progress: ProgressReporter,
  signal?: AbortSignal,
  onBytes?: (bytes: Uint8Array) => void,
): Promise<string> {
  const { kind, count, width, height, channels, classes, labels, groups } = packed
  const hash = createHash('sha256')
  hash.update(
    `${JSON.stringify({
      kind,
      count,
      width,
      height,
      channels,
      classes,
      labelled: labels !== null,
      tested: test.length,
      ...(validation.length > 0 ? { validated: validation.length } : {}),
      ...(groups ? { grouped: true } : {}),
    })}\n`,
  )
  if (labels) hash.update(bytesOf(labels))
  if (groups) hash.update(bytesOf(groups))
  hash.update(bytesOf(test))
  hash.update(bytesOf(validation))
  const total = count * width * height * channels * (kind === 'image' ? 1 : 4)
  const file = openSync(pixels, 'r')
  try {
    const chunk = Buffer.allocUnsafeSlow(2 ** 20)
    for (let done = 0, got = 1; got > 0; done += got) {
      got = readSync(file, chunk, 0, chunk.length, done)
      hash.update(chunk.subarray(0, got))
      onBytes?.(chunk.subarray(0, got))
      signal?.throwIfAborted()
      progress.update('Taking the fingerprint', done + got, total, 'bytes')
      await setImmediate()
    }
  } finally {
    closeSync(file)
  }
  return hash.digest('hex')
}
