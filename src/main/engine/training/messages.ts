import type { Config } from '../../../shared/config.ts'
import type { Evaluation, Preview, Progress, Stage } from '../../../shared/domain.ts'

/** Where the network of a run, and what it was trained on, lie. */
export interface RunFolders {
  runId: string
  /** Holds `checkpoints/`: `last.safetensors`, `best.safetensors`, `snapshot-STEP.safetensors`. */
  runFolder: string
  datasetFolder: string
}

/** What a trainer is asked. */
export interface TrainJob extends RunFolders {
  kind: 'train'
  variant: string
  config: Config
  seed: number
  /** Continue from `last.safetensors`; without it a run starts at step 0. */
  resume: boolean
  /** A checkpoint's file: weights of the same name and shape begin with its values. */
  begin?: string
  /** Copies of its weights that the run keeps, its result and snapshots together. */
  copies?: number
}

export interface Point {
  key: string
  step: number
  epoch: number
  seconds: number
  value: number
}

/** Where a training is. */
interface Reached {
  step: number
  epoch: number
  seconds: number
}

/** What a trainer says until it ends; other jobs say nothing but their progress. */
export type FromTrainer =
  /** First message of a training. `step` is where it begins: 0, or the checkpoint's; metrics beyond it are to be deleted. */
  | ({ type: 'begun'; steps: number; epochs: number; stages: Stage[]; parameters: number; threads: number } & Reached)
  | ({ type: 'progress'; progress: Progress } & Partial<Reached & { stepsPerSecond: number | null }>)
  /** With `flush` they are committed at once and answered with `committed`: a checkpoint is written only after that. */
  | { type: 'points'; points: Point[]; flush: boolean }
  | { type: 'preview'; preview: Preview }
  /** A checkpoint of so many bytes cannot be written, for want of space. The trainer stands still until it is told `space`, or to stop. */
  | { type: 'waits'; bytes: number }
  | { type: 'evaluation'; evaluation: Evaluation }

/** What a training came to. */
export interface TrainResult extends Reached {
  stepsPerSecond: number | null
}
