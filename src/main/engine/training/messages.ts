import type { Config } from '../../../shared/config.ts'
import type { Evaluation, Export, Images, Preview, Progress, Stage } from '../../../shared/domain.ts'
import type { Embedding, Encoder, EncoderChoice } from '../../../shared/embeddings.ts'
import type { Result } from '../../../shared/answers.ts'
import type { Question } from '../../../shared/questions.ts'
import type { Target } from '../explore/messages.ts'
import type { ErrorInfo } from '../../../shared/errors.ts'

/**
 * What the engine and its worker processes say to each other, over Node's own channel (`fork` with `serialization:
 * 'advanced'`; both ends are the same Node binary). One process carries out one job and exits 0 after `done`, `stopped`,
 * `diverged` or `failed`; any other end means that it died. A worker whose channel closes exits by itself.
 */
export interface TrainJob {
  kind: 'train'
  runId: string
  /** Holds `checkpoints/`: `last.safetensors`, `best.safetensors`, `snapshot-STEP.safetensors`. */
  runFolder: string
  datasetFolder: string
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
export interface ExportJob {
  kind: 'export'
  runId: string
  runFolder: string
  datasetFolder: string
  part: Export['part']
  input: Export['input']
  precision: Export['precision']
  out: string
  force: boolean
  /** The run's; what it says of the trained network is not measured again. */
  evaluation?: Evaluation | null
  /** Goes into the file's metadata: run id and name, dataset name and fingerprint, settings, evaluation, versions. */
  metadata: Record<string, string>
}
export interface ObjectiveJob {
  kind: 'objective'
  variant: string
  config: Config
  in: string
  out: string
}
export interface EvaluateJob {
  kind: 'evaluate'
  runId: string
  runFolder: string
  datasetFolder: string
}
export interface PruneJob {
  kind: 'prune'
  runId: string
  runFolder: string
  datasetFolder: string
  /** Becomes the folder of the pruned run. */
  outFolder: string
}
/** Measures the network of a checkpoint's file on a dataset, and makes a run's folder of it. */
export interface AdoptJob {
  kind: 'adopt'
  file: string
  datasetFolder: string
  /** Becomes the folder of the run. */
  outFolder: string
}
/** Times a config's steps on its dataset, so that it can be told how long its training will take. */
export interface MeasureJob {
  kind: 'measure'
  datasetFolder: string
  variant: string
  config: Config
  seed: number
  /** Whether an evaluation is measured, too. */
  evaluation: boolean
}
/** Encodes the images of a folder or a dataset. */
export interface EmbedJob {
  kind: 'embed'
  /** A run, of which the encoder is exported first; or an ONNX file, with what it does not say of itself. */
  encoder: { run: Omit<ExportJob, 'kind' | 'part' | 'input' | 'precision' | 'out' | 'force'> } | { file: EncoderChoice }
  data: { folder: string } | { datasetFolder: string; binarise: boolean }
  /** A folder for what is on its way, and for the codes (`codes.npy`). */
  work: string
  out: { file: string; force: boolean } | null
  /** Whether the codes of a labelled dataset are measured. */
  measure: boolean
  /** Words about where the codes are from. */
  about: Record<string, string>
}
/** Says what an ONNX file is as an encoder, without running it. */
export interface InspectJob {
  kind: 'inspect'
  file: EncoderChoice
}
/** Asks something of kept codes. */
export interface LookIntoJob {
  kind: 'lookInto'
  /** The folder of the codes of every row, and the size of one. */
  codes: string
  codeSize: number
  /** What to do where they are damaged; a sentence. */
  again: string
  dataset: Target['dataset']
  question: Question
  side: number | undefined
}
/** Takes from runs what they can do without. */
export interface ThinJob {
  kind: 'thin'
  runs: { id: string; folder: string; snapshots: number[]; ended: boolean }[]
}
/** Shows what becomes of some training images. */
export interface AugmentJob {
  kind: 'augment'
  datasetFolder: string
  augment: string
  seed: number
  /** So many of a training's first steps. */
  steps: number
}
export type Job =
  | AugmentJob
  | ThinJob
  | LookIntoJob
  | AdoptJob
  | EmbedJob
  | InspectJob
  | MeasureJob
  | TrainJob
  | ExportJob
  | ObjectiveJob
  | EvaluateJob
  | PruneJob

export type ToWorker =
  | { type: 'job'; job: Job }
  | { type: 'pause' }
  | { type: 'cancel' }
  | { type: 'committed' }
  /** Instead of `committed`, to one that is to stop: there is no space, so it stops at its last checkpoint. */
  | { type: 'refused' }
  /** There is space on the disk again: what `waits` may try. */
  | { type: 'space' }

export interface Point {
  key: string
  step: number
  epoch: number
  seconds: number
  value: number
}

export type FromWorker =
  /** First message of a training job. `step` is where it begins: 0, or the checkpoint's; metrics beyond it are to be deleted. */
  | {
      type: 'begun'
      step: number
      epoch: number
      seconds: number
      steps: number
      epochs: number
      stages: Stage[]
      parameters: number
      threads: number
    }
  | { type: 'progress'; progress: Progress; step: number; epoch: number; seconds: number; stepsPerSecond: number | null }
  /** With `flush` they are committed at once and answered with `committed`: a checkpoint is written only after that. */
  | { type: 'points'; points: Point[]; flush: boolean }
  | { type: 'preview'; preview: Preview }
  /** A checkpoint of so many bytes cannot be written, for want of space. The worker stands still until it is told `space`, or to stop. */
  | { type: 'waits'; bytes: number }
  | { type: 'evaluation'; evaluation: Evaluation }
  | { type: 'done'; result: JobResult }
  /** After `pause` or `cancel`; there is a checkpoint of this step, or none at all and the step is 0. */
  | { type: 'stopped'; step: number; epoch: number; seconds: number }
  | { type: 'diverged'; step: number; error: ErrorInfo }
  | { type: 'failed'; error: ErrorInfo }

export interface TrainResult {
  kind: 'train'
  step: number
  epoch: number
  seconds: number
  stepsPerSecond: number | null
}
export type ExportResult = { kind: 'export' } & Pick<
  Export,
  'file' | 'sha256' | 'bytes' | 'opset' | 'maxAbsDiff' | 'reduction' | 'inputs' | 'outputs'
>
export interface EvaluateResult {
  kind: 'evaluate'
  evaluation: Evaluation
}
export interface ObjectiveResult {
  kind: 'objective'
  loss: number
  terms: Record<string, number>
}
export interface PruneResult {
  kind: 'prune'
  config: Config
  /** Code units of the run that its pruned network lacks. */
  removed: number[]
  /** The run's bound, measured in the same way as the pruned one's; nats. */
  elbo: number
  evaluation: Evaluation
  preview: Preview | null
  parameters: number
  /** How far the weights had been trained. */
  step: number
  epoch: number
  seconds: number
}
/**
 * Seconds: of each stage a step and the validation of one row; a fit in closed form (else 0); all before the first step; an
 * evaluation.
 */
export interface MeasureResult {
  kind: 'measure'
  stages: { step: number; row: number }[]
  fit: number
  start: number
  evaluation: number | null
  /** The most that the process took, in bytes. */ memory: number
}
export type EmbedResult = { kind: 'embed' } & Pick<
  Embedding,
  'count' | 'codeSize' | 'output' | 'modelSha256' | 'skipped' | 'bytes' | 'linearProbeAccuracy' | 'knnAccuracy' | 'seconds'
>
export interface InspectResult {
  kind: 'inspect'
  encoder: Encoder
}
export interface AdoptResult {
  kind: 'adopt'
  evaluation: Evaluation
  preview: Preview | null
  parameters: number
}
export interface LookIntoResult {
  kind: 'lookInto'
  result: Result
}
export interface ThinResult {
  kind: 'thin'
  /** Ids of runs whose last checkpoint is damaged. */ failed: string[]
}
export interface AugmentResult {
  kind: 'augment'
  originals: Images
  /** Of each step. */ changed: Images[]
}
export type JobResult =
  | AugmentResult
  | ThinResult
  | LookIntoResult
  | AdoptResult
  | EmbedResult
  | InspectResult
  | MeasureResult
  | TrainResult
  | ExportResult
  | ObjectiveResult
  | EvaluateResult
  | PruneResult
