import { keepsBest } from '../../../shared/config.ts'
import { counted } from '../../../shared/words.ts'
import { isDiskFull, WorkbenchError } from '../../../shared/errors.ts'
import {
  hasNonFinite,
  readCheckpoint,
  removeCheckpoints,
  removePartials,
  writeCheckpoint,
  type CheckpointName,
  type Position,
} from '../checkpoint/checkpoint.ts'
import { readSafetensors } from '../checkpoint/safetensors.ts'
import { defaultCopies, snapshotsWithin } from '../checkpoint/snapshots.ts'
import { labelledRows } from '../data/labelled.ts'
import { validationSplit } from '../data/split.ts'
import { initialValues } from '../network/initialise.ts'
import type { WeightSpec } from '../network/layer.ts'
import { isOfNetwork } from '../network/normalisation.ts'
import { variantOf } from '../variants/index.ts'
import { stackConfig } from '../variants/layers.ts'
import { layersOfVariant, statisticsOf, weightsOf } from '../variants/variant.ts'
import type { CompiledModel, State } from './compiled.ts'
import { openTrainingData, type TrainingData } from './data.ts'
import { Diverged } from './diverged.ts'
import type { TrainJob } from './messages.ts'
import { beginsAtMean, meanBias } from './outputBias.ts'
import { TrainingProgress } from './progress.ts'
import { Stopped, type Port } from './port.ts'
import { countsOf, stagesOf, type PlannedStage } from './stages.ts'
import { stackLayers } from './unroll.ts'

/** The network's weights and running statistics among what a checkpoint holds. */
const weightsOnly = (state: State): State => Object.fromEntries(Object.entries(state).filter(([name]) => isOfNetwork(name)))

/**
 * What the stages of one run's training have in common: its data, its plan, where in it the training is, and how that is made
 * durable.
 */
export class TrainingRun {
  readonly job: TrainJob
  readonly port: Port
  readonly data: TrainingData
  /** Rows of the training split without those for validation, and those; `labelled` of the first for a stage that classifies. */
  readonly rows: { train: Uint32Array; validation: Uint32Array; labelled: Uint32Array }
  readonly plan: PlannedStage[]
  /** Every weight of the network that is trained in the end. */
  readonly specs: WeightSpec[]
  readonly progress: TrainingProgress
  /** How many snapshots of its weights the run keeps beside its result. */
  readonly snapshots: number
  position: Position
  /** That of the last checkpoint that was written: where a run that cannot write another one stops. */
  saved: Position
  /** The whole network's weights by now (those of a decoder too, where the network in the end has none), while layers are pretrained. */
  whole: State
  /** What a resumed stage begins with: everything in the checkpoint. */
  resumed: State | null = null
  /** Weights of the lowest validation loss so far and where they were reached, where they are kept. */
  best: { state: State; position: Position } | null = null

  constructor(job: TrainJob, port: Port, data = openTrainingData(job.datasetFolder, job.config)) {
    const { config, seed } = job
    const variant = variantOf(job.variant)
    this.job = job
    this.port = port
    this.snapshots = snapshotsWithin(job.copies ?? defaultCopies, config)
    this.data = data
    const { seen } = data
    const split = validationSplit(seen, seed)
    this.rows = {
      ...split,
      labelled:
        config.fineTuning.kind === 'classification'
          ? labelledRows(seen, split.train, config.fineTuning.labelled, seed)
          : new Uint32Array(),
    }
    this.plan = stagesOf(variant, config, countsOf(seen, split))
    for (const { stepsPerEpoch, kind } of this.plan) {
      const field = kind === 'layer' ? 'pretraining.batchSize' : 'training.batchSize'
      if (stepsPerEpoch === 0)
        throw new WorkbenchError(
          'SETTING_INVALID',
          `The training split has ${counted(split.train.length, 'image')}; set ${field} to at most that.`,
          { field },
        )
    }
    this.specs = weightsOf(variant, config, seen, seen.classes.length)
    const last = this.plan.at(-1)
    removePartials(job.runFolder)
    let window: Position['window']
    if (job.resume) {
      const { position, state } = readCheckpoint(job.runFolder, 'last')
      const { window: begun, ...here } = position
      window = begun
      this.position = here
      this.resumed = state
      this.whole = weightsOnly(state)
      if (keepsBest(config) && position.best) this.best = readCheckpoint(job.runFolder, 'best')
    } else {
      removeCheckpoints(job.runFolder)
      this.position = { stage: 0, step: 0, epoch: 0, seconds: 0, best: null }
      this.whole = this.initial()
    }
    this.saved = this.position
    this.progress = new TrainingProgress({ ...this.position, window }, last ? last.startStep + last.steps : 0)
  }

  /** The autoencoder that pretrained layers are unrolled to. */
  get stackSpecs(): WeightSpec[] {
    return weightsOf(variantOf(this.job.variant), stackConfig(this.job.config), this.data.seen)
  }

  /**
   * Initial values of the network that is trained in the end, and of the decoder that pretraining needs beside it: drawn, or
   * those of a file.
   */
  initial(): State {
    const specs = this.job.config.pretraining.kind === 'none' ? this.specs : [...this.stackSpecs, ...this.specs]
    const begun = this.job.begin === undefined ? {} : readSafetensors(this.job.begin).tensors
    const given = ({ name, shape }: Pick<WeightSpec, 'name' | 'shape'>) =>
      begun[name]?.shape.join() === shape.join() ? begun[name].data : null
    const { variant, config } = this.job
    const begins = new Map<string, Float32Array>()
    if (beginsAtMean(config)) {
      const { seen } = this.data
      const networks = [
        layersOfVariant(variantOf(variant), config, seen),
        ...(config.pretraining.kind === 'none' ? [] : [stackLayers(config, seen)]),
      ]
      for (const { decoder } of networks)
        if (specs.some(({ name }) => name === decoder.at(-1)!.bias)) begins.set(...meanBias(decoder, seen, this.rows.train))
    }
    const weights = specs.map((spec): [string, Float32Array] => [
      spec.name,
      given(spec) ?? begins.get(spec.name) ?? initialValues(spec, this.job.seed),
    ])
    const statistics = statisticsOf(variantOf(variant), config, this.data.seen, this.data.seen.classes.length).map(
      (spec): [string, Float32Array] => [spec.name, given(spec) ?? new Float32Array(spec.shape[0]!).fill(spec.initial)],
    )
    return Object.fromEntries([...weights, ...statistics])
  }

  /**
   * Makes everything up to now durable: first the points, then the weights.
   * @param model what is trained now; @param layer it is the autoencoder of one layer Waits where the disk is full.
   * @throws Diverged where weights are not finite; Stopped where that is asked for while there is no space
   */
  async save(model: CompiledModel, layer: boolean, ...names: CheckpointName[]): Promise<void> {
    const modelState = model.state()
    if (hasNonFinite(modelState)) throw Diverged.in({ kind: layer ? 'layer' : 'whole' }, this.position.step)
    if (!(await this.port.commit(this.progress.takePoints()))) throw new Stopped(this.saved)
    const behind = <T>(values: Readonly<Record<string, T>>) =>
      Object.fromEntries(Object.entries(values).map(([name, value]) => [`stage/${name}`, value]))
    // The best weights go first: `last` says where to resume, and what came before it must be there.
    if (this.best && !layer) await this.write('best', this.best.state, {}, this.best.position)
    const all = layer ? { ...this.whole, ...behind(modelState) } : modelState
    // A snapshot is looked at and never resumed: the optimizer's slots would make it three times as large.
    for (const name of names)
      await this.write(name, name.startsWith('snapshot-') ? weightsOnly(all) : all, layer ? behind(model.shapes) : model.shapes)
    this.progress.saved()
  }

  /** Where the run is, with the window of points that has begun. */
  private get here(): Position {
    const { window } = this.progress
    return window ? { ...this.position, window } : this.position
  }

  /**
   * Writes a checkpoint of where the run is; as often as it takes where the disk is full. @throws Stopped where that is asked
   * for meanwhile
   */
  async write(
    name: CheckpointName,
    state: State,
    shapes: Readonly<Record<string, readonly number[]>> = {},
    position = this.here,
  ): Promise<void> {
    const {
      job: { runFolder, variant, config, seed },
      data: { seen },
    } = this
    const known =
      config.pretraining.kind === 'none' ? {} : Object.fromEntries(this.stackSpecs.map((spec) => [spec.name, spec.shape]))
    const classes = config.fineTuning.kind === 'classification' ? seen.classes : []
    for (;;) {
      try {
        writeCheckpoint(runFolder, name, {
          variant,
          config,
          seed,
          dataset: this.data.fingerprint,
          inputShape: seen,
          classes,
          position,
          state,
          shapes: { ...known, ...shapes },
        })
        break
      } catch (thrown) {
        if (!isDiskFull(thrown)) throw thrown
        const bytes = Object.values(state).reduce((sum, { byteLength }) => sum + byteLength, 0)
        if (!(await this.port.space(bytes))) throw new Stopped(this.saved)
      }
    }
    if (name === 'last') this.saved = position
  }
}
