import { existsSync } from 'node:fs'
import { checkpointFile, type CheckpointName } from './checkpoint.ts'
import { isOfNetwork } from '../network/normalisation.ts'
import { readSafetensors, readShapes, writeSafetensors } from './safetensors.ts'

/** What only a training that goes on needs. */
const surplus = (tensor: string): boolean => !isOfNetwork(tensor)

const size = (shape: readonly number[]): number => 4 * shape.reduce((product, length) => product * length, 1)

/** Bytes that a checkpoint holds beside the network's weights; 0 where it is not there or cannot be read. */
export function surplusBytes(runFolder: string, name: CheckpointName): number {
  const file = checkpointFile(runFolder, name)
  if (!existsSync(file)) return 0
  try {
    return Object.entries(readShapes(file).shapes).reduce((sum, [tensor, shape]) => (surplus(tensor) ? sum + size(shape) : sum), 0)
  } catch {
    return 0
  }
}

/**
 * Leaves a checkpoint the network's weights, bit for bit, and takes from it what only further training needs. The smaller file
 * is whole before it has the name; a training that had ended and is resumed ends with the same.
 * @throws WorkbenchError CHECKPOINT_DAMAGED
 */
export function keepWeightsOnly(runFolder: string, name: CheckpointName): void {
  if (surplusBytes(runFolder, name) === 0) return
  const file = checkpointFile(runFolder, name)
  const { tensors, metadata } = readSafetensors(file)
  writeSafetensors(file, { tensors: Object.fromEntries(Object.entries(tensors).filter(([tensor]) => !surplus(tensor))), metadata })
}
