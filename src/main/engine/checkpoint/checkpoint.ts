import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { configSchema, type Config } from '../../../shared/config.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { variantOf } from '../variants/registry.ts'
import { weightsOf } from '../variants/variant.ts'
import { readSafetensors, readShapes, writeSafetensors, type NamedTensor } from './safetensors.ts'

/** Where in its training a run is; with the weights and the optimizer's slots, all that a resumed run needs. */
export interface Position {
  /** Index into the run's stages. */
  stage: number
  /** Of all stages. */
  step: number
  epoch: number
  /** Seconds of training so far. */
  seconds: number
  /** Early stopping: the lowest validation loss so far and the epoch it was reached in. */
  best: { loss: number; epoch: number } | null
}

export interface Checkpoint {
  variant: string
  config: Config
  seed: number
  /** Fingerprint of the dataset that it was trained on; null in checkpoints of versions that did not write it. */
  dataset?: string | null
  inputSize: number
  /** Names of the dataset's classes, in the order of a classifier's outputs; empty for other networks. */
  classes: readonly string[]
  position: Position
  /**
   * Weights by their names, slots as `optimizer/SLOT/WEIGHT`, a variant's own state as `state/NAME`. While a layer is pretrained: the whole network's
   * weights as they are by then, and all of the layer's autoencoder by the same names behind `stage/`.
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
  const { variant, config, seed, dataset, inputSize, classes, position, state } = checkpoint
  mkdirSync(folderOf(runFolder), { recursive: true })
  const shapes = new Map(weightsOf(variantOf(variant), config, inputSize, classes.length).map((spec) => [spec.name, spec.shape]))
  const tensors = Object.fromEntries(Object.entries(state).map(([key, data]): [string, NamedTensor] => {
    const weight = key.startsWith('optimizer/') ? key.split('/').slice(2).join('/') : key
    return [key, { shape: [...checkpoint.shapes?.[key] ?? shapes.get(weight) ?? [data.length]], data }]
  }))
  writeSafetensors(checkpointFile(runFolder, name), {
    tensors,
    metadata: {
      format: 'autoencoder-workbench', formatVersion: '1', variant, seed: String(seed), inputSize: String(inputSize), classes: JSON.stringify(classes),
      config: JSON.stringify(config), position: JSON.stringify(position), ...(dataset ? { dataset } : {}),
    },
  })
}

/** @throws WorkbenchError CHECKPOINT_MISSING, CHECKPOINT_DAMAGED */
export function readCheckpoint(runFolder: string, name: CheckpointName): Checkpoint {
  const file = checkpointFile(runFolder, name)
  if (!existsSync(file)) throw new WorkbenchError('CHECKPOINT_MISSING', `This run has no checkpoint “${name}”; train it again, or duplicate its settings into a new run.`)
  return readCheckpointFile(file)
}

/** Reads a checkpoint wherever it lies. @throws WorkbenchError CHECKPOINT_MISSING, CHECKPOINT_DAMAGED */
export function readCheckpointFile(file: string): Checkpoint {
  const { tensors, metadata } = readSafetensors(file)
  try {
    const config = configSchema.parse(JSON.parse(metadata['config'] ?? ''))
    const inputSize = Number(metadata['inputSize'])
    const classes = JSON.parse(metadata['classes'] ?? '[]') as string[]
    // Checkpoints from before there were stages are of runs with one.
    const position: Position = { stage: 0, ...JSON.parse(metadata['position'] ?? '') as Omit<Position, 'stage'> }
    const state = Object.fromEntries(Object.entries(tensors).map(([key, { data }]) => [key, data]))
    for (const spec of weightsOf(variantOf(metadata['variant'] ?? ''), config, inputSize, classes.length)) {
      if (state[spec.name]?.length !== spec.shape.reduce((product, size) => product * size, 1)) throw new Error(`${spec.name} is missing or has another size`)
    }
    const dataset = metadata['dataset'] ?? null
    return { variant: metadata['variant']!, config, seed: Number(metadata['seed']), dataset, inputSize, classes, position, state }
  } catch (cause) {
    throw new WorkbenchError('CHECKPOINT_DAMAGED', `${file} does not hold what this run needs; restore it from a copy or train again.`, { cause })
  }
}

/** The epoch of a run's last checkpoint, of all its stages; null where there is none that can be read. Reads no weights. */
export function checkpointEpoch(runFolder: string): number | null {
  const file = checkpointFile(runFolder, 'last')
  if (!existsSync(file)) return null
  try {
    const { epoch } = JSON.parse(readShapes(file).metadata['position'] ?? '') as Position
    return Number.isFinite(epoch) ? epoch : null
  } catch {
    return null
  }
}

/** True if any value is NaN or infinite: such weights are never written. */
export const hasNonFinite = (state: Record<string, Float32Array>): boolean =>
  Object.values(state).some((values) => {
    // A sum is finite only if every part is, and costs a tenth of testing each; an overflowing sum of finite parts is tested exactly.
    let sum = 0
    for (let i = 0; i < values.length; i++) sum += values[i]!
    return !Number.isFinite(sum) && values.some((value) => !Number.isFinite(value))
  })

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
  for (const file of readdirSync(folderOf(runFolder))) if (file.endsWith('.partial')) rmSync(join(folderOf(runFolder), file), { force: true })
}

/**
 * The checkpoint that a run's evaluation and its exports are made from: the best one when early stopping is on, else the last; the last one
 * too where a run was stopped before its first validation and has no best weights yet.
 * @throws WorkbenchError CHECKPOINT_MISSING, CHECKPOINT_DAMAGED
 */
export function readResult(runFolder: string): Checkpoint & { name: 'best' | 'last' } {
  const last = readCheckpoint(runFolder, 'last')
  const hasBest = last.config.training.patience > 0 && existsSync(checkpointFile(runFolder, 'best'))
  return hasBest ? { ...readCheckpoint(runFolder, 'best'), name: 'best' } : { ...last, name: 'last' }
}
