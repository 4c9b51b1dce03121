import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { keepsBest, type Config } from '../../../shared/config.ts'
import type { Evaluation } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { Shape } from '../../../shared/shape.ts'
import { variantOf } from '../variants/registry.ts'
import { partsOfNetwork } from '../variants/variant.ts'
import { inputMetadata, inputShapeIn } from './inputShape.ts'
import { formatVersion, understoodConfig } from './understood.ts'
import { isFinite, readSafetensors, readShapes, writeSafetensors, type NamedTensor } from './safetensors.ts'

/** Where in its training a run is; with the weights and the optimizer's slots, all that a resumed run needs. */
export interface Position {
  /** Index into the run's stages. */
  stage: number
  /** Of all stages. */
  step: number
  epoch: number
  /** Seconds of training so far. */
  seconds: number
  /** Where that is asked for, by early stopping or for the result: the lowest validation loss so far and the epoch it was reached in. */
  best: { loss: number; epoch: number } | null
  /** The window of points that the run is in: sums of the terms over the steps that were counted. Absent between windows. */
  window?: { sums: number[]; counted: number } | undefined
}

const positionSchema = z.object({
  stage: z.int().min(0).default(0),
  step: z.int().min(0),
  epoch: z.number().min(0),
  seconds: z.number(),
  best: z.object({ loss: z.number(), epoch: z.number() }).nullable().default(null),
  window: z.object({ sums: z.array(z.number()), counted: z.int().min(1) }).optional(),
})

export interface Checkpoint {
  variant: string
  config: Config
  seed: number
  /** Fingerprint of the dataset that it was trained on; null in checkpoints of versions that did not write it. */
  dataset?: string | null
  inputShape: Shape
  /** Names of the dataset's classes, in the order of a classifier's outputs; empty for other networks. */
  classes: readonly string[]
  position: Position
  /**
   * Weights by their names, slots as `optimizer/SLOT/WEIGHT`, a variant's own state and running statistics as `state/NAME`. While
   * a layer is pretrained: the whole network's weights as they are by then, and all of the layer's autoencoder by the same names behind
   * `stage/`.
   */
  state: Record<string, Float32Array>
  /** Shapes of what is not among the whole network's weights, by the names in `state`. */
  shapes?: Readonly<Record<string, readonly number[]>>
}

/** `pretrained`: the unrolled network before its fine-tuning. */
export type CheckpointName = 'last' | 'best' | 'pretrained' | `snapshot-${number}`

const folderOf = (runFolder: string) => join(runFolder, 'checkpoints')
/** Path of a run's checkpoint, whether it is there or not. */
export const checkpointFile = (runFolder: string, name: CheckpointName) => join(folderOf(runFolder), `${name}.safetensors`)

/** Writes a checkpoint in place of the one of that name; the new one is whole before the old one goes. */
export function writeCheckpoint(runFolder: string, name: CheckpointName, checkpoint: Checkpoint): void {
  const { variant, config, seed, dataset, inputShape, classes, position, state } = checkpoint
  mkdirSync(folderOf(runFolder), { recursive: true })
  const shapes = new Map(
    partsOfNetwork(variantOf(variant), config, inputShape, classes.length).map((spec) => [spec.name, spec.shape]),
  )
  const tensors = Object.fromEntries(
    Object.entries(state).map(([key, data]): [string, NamedTensor] => {
      const weight = key.startsWith('optimizer/') ? key.split('/').slice(2).join('/') : key
      return [key, { shape: [...(checkpoint.shapes?.[key] ?? shapes.get(weight) ?? [data.length])], data }]
    }),
  )
  writeSafetensors(checkpointFile(runFolder, name), {
    tensors,
    metadata: {
      format: 'autoencoder-workbench',
      formatVersion,
      variant,
      seed: String(seed),
      ...inputMetadata(inputShape),
      classes: JSON.stringify(classes),
      config: JSON.stringify(config),
      position: JSON.stringify(position),
      ...(dataset ? { dataset } : {}),
    },
  })
}

/** @throws WorkbenchError CHECKPOINT_MISSING, CHECKPOINT_DAMAGED */
export function readCheckpoint(runFolder: string, name: CheckpointName): Checkpoint {
  const file = checkpointFile(runFolder, name)
  if (!existsSync(file))
    throw new WorkbenchError(
      'CHECKPOINT_MISSING',
      `This run has no checkpoint “${name}”; train it again, or duplicate its settings into a new run.`,
    )
  return readCheckpointFile(file)
}

/** Reads a checkpoint wherever it lies. @throws WorkbenchError CHECKPOINT_MISSING, CHECKPOINT_DAMAGED */
export function readCheckpointFile(file: string): Checkpoint {
  // Before anything is read: of what it says that it is, it can have only so much.
  const described = describeCheckpointFile(file)
  const state = Object.fromEntries(Object.entries(readSafetensors(file).tensors).map(([key, { data }]) => [key, data]))
  if (hasNonFinite(state)) {
    const remedy = 'restore it from a copy or train again'
    throw new WorkbenchError(
      'CHECKPOINT_DAMAGED',
      `${file} holds weights that are not finite numbers, and nothing can go on from them; ${remedy}.`,
    )
  }
  return { ...described, state }
}

/**
 * So many times its network's weights, at most, a checkpoint holds: both moments of an optimizer, a layer's autoencoder, a
 * decoder to come.
 */
const mostTimes = 32
const alwaysAllowed = 2 ** 26

const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

/** Which checkpoint `readResult` reads, and what that says of itself; reads no values. @throws as it does */
export function describeResult(runFolder: string): Omit<Checkpoint, 'state'> & { file: string } {
  const file = checkpointFile(runFolder, 'last')
  const last = describeCheckpointFile(file)
  if (resultName(runFolder, last.config) === 'last') return { ...last, file }
  const best = checkpointFile(runFolder, 'best')
  return { ...describeCheckpointFile(best), file: best }
}

/**
 * What a checkpoint says of itself, compared with the shapes of what is in it; reads no values.
 * @throws WorkbenchError CHECKPOINT_MISSING, CHECKPOINT_DAMAGED, FILE_UNSUPPORTED
 */
export function describeCheckpointFile(file: string): Omit<Checkpoint, 'state'> {
  const { shapes, metadata } = readShapes(file)
  try {
    const config = understoodConfig(file, metadata)
    const inputShape = inputShapeIn(metadata)
    const classes = z.array(z.string()).parse(JSON.parse(metadata['classes'] ?? '[]'))
    // Checkpoints from before there were stages are of runs with one.
    const position = positionSchema.parse(JSON.parse(metadata['position'] ?? ''))
    let expected = 0
    for (const { name, shape } of partsOfNetwork(variantOf(metadata['variant'] ?? ''), config, inputShape, classes.length)) {
      if (!shapes[name] || count(shapes[name]) !== count(shape)) throw new Error(`${name} is missing or has another size`)
      expected += count(shape)
    }
    const all = Object.values(shapes).reduce((sum, shape) => sum + count(shape), 0)
    if (all > Math.max(mostTimes * expected, alwaysAllowed))
      throw new Error('it holds much more than the network that it describes')
    const { variant, seed, dataset = null } = metadata
    return { variant: variant!, config, seed: Number(seed), dataset, inputShape, classes, position }
  } catch (cause) {
    if (cause instanceof WorkbenchError && cause.code === 'FILE_UNSUPPORTED') throw cause
    throw new WorkbenchError(
      'CHECKPOINT_DAMAGED',
      `${file} does not hold what this run needs; restore it from a copy or train again.`,
      { cause },
    )
  }
}

/** Where a checkpoint says that it is, of all the run's stages; null where that cannot be read. Reads no weights. */
export function checkpointPosition(file: string): Pick<Position, 'step' | 'epoch'> | null {
  try {
    const { step, epoch } = JSON.parse(readShapes(file).metadata['position'] ?? '') as Position
    return Number.isFinite(epoch) && Number.isFinite(step) ? { step, epoch } : null
  } catch {
    return null
  }
}

/** The epoch of a run's last checkpoint; null where there is none that can be read. */
export const checkpointEpoch = (runFolder: string): number | null =>
  checkpointPosition(checkpointFile(runFolder, 'last'))?.epoch ?? null

/** True if any value is NaN or infinite: such weights are never written. */
export const hasNonFinite = (state: Record<string, Float32Array>): boolean =>
  Object.values(state).some((values) => !isFinite(values))

/** Epochs after which a snapshot is kept: 0 and up to 19 more, spaced geometrically, the last epoch among them. */
export function snapshotEpochs(epochs: number): Set<number> {
  const count = Math.min(19, epochs)
  const spaced = Array.from({ length: count }, (_, index) => Math.round(count === 1 ? epochs : epochs ** (index / (count - 1))))
  return new Set([0, ...spaced])
}

/** Removes what an earlier attempt left, before a run starts from the beginning. */
export const removeCheckpoints = (runFolder: string): void => rmSync(folderOf(runFolder), { recursive: true, force: true })

/** Removes what a process that was killed while writing left behind. */
export function removePartials(runFolder: string): void {
  if (!existsSync(folderOf(runFolder))) return
  for (const file of readdirSync(folderOf(runFolder)))
    if (file.endsWith('.partial')) rmSync(join(folderOf(runFolder), file), { force: true })
}

/**
 * Which checkpoint a run's evaluation and its exports are made from: as `training.keep` says, and the last one too where a run was
 * stopped before its first validation and has no best weights yet.
 */
export const resultName = (runFolder: string, config: Config): 'best' | 'last' =>
  keepsBest(config) && existsSync(checkpointFile(runFolder, 'best')) ? 'best' : 'last'

/** What an evaluation says of the weights that it is of. */
export const measuredOf = (name: Evaluation['checkpoint'], { step, epoch }: Position) => ({
  checkpoint: name,
  checkpointStep: step,
  checkpointEpoch: epoch,
})

/**
 * That checkpoint.
 * @throws WorkbenchError CHECKPOINT_MISSING, CHECKPOINT_DAMAGED
 */
export function readResult(runFolder: string): Checkpoint & { name: 'best' | 'last' } {
  const last = readCheckpoint(runFolder, 'last')
  const name = resultName(runFolder, last.config)
  return name === 'best' ? { ...readCheckpoint(runFolder, name), name } : { ...last, name }
}
