import type { Config } from '../../../shared/config.ts'
import { binarised } from '../data/binarise.ts'
import { openDataset } from '../data/open.ts'
import type { PackedDataset } from '../data/packed.ts'

/** A run's dataset as its config wants the pixels. */
export interface TrainingData {
  /** The images as they are stored. */
  stored: PackedDataset
  /** What training reads; where pixels are binarised anew at every step, that is done in the step. */
  read: PackedDataset
  /** What the run is measured on and shown with: one draw of each image, the same for every run. */
  seen: PackedDataset
  /** Of the dataset. */
  fingerprint: string
}

/** @throws WorkbenchError FILE_DAMAGED */
export function openTrainingData(folder: string, { data }: Pick<Config, 'data'>): TrainingData {
  const stored = openDataset(folder)
  const seen = data.binarise === 'none' ? stored : binarised(stored)
  return { stored, read: data.binarise === 'fixed' ? seen : stored, seen, fingerprint: stored.sha256 }
}
