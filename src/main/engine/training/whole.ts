import { checkpointFile, readCheckpoint } from '../checkpoint/checkpoint.ts'
import { existsSync } from 'node:fs'
import { shuffled } from '../data/split.ts'
import { gatherBatch } from '../network/inputs.ts'
import { variantOf } from '../variants/index.ts'
import { lastVariant } from './classification.ts'
import { CompiledModel, type State } from './compiled.ts'
import type { TrainingRun } from './trainingRun.ts'
import { refreshMean, trainEpochs, validationSizes } from './epochs.ts'
import { makePreview } from './preview.ts'
import type { ModelSpec } from './modelSpec.ts'
import { removeCodes } from './pretrain.ts'
import type { PlannedStage } from './stages.ts'

/** Steps over which the gradient norms of a network from its initial weights are averaged. */
const comparedSteps = 10

/** Trains the whole network: from its initial weights, or from those of the pretrained layers. The caller closes the model. */
export async function trainWhole(run: TrainingRun, stage: PlannedStage): Promise<CompiledModel> {
  const {
    job: { config, variant, runFolder },
    data: { read, seen },
    rows,
  } = run
  const classifies = stage.kind === 'classification'
  const trainedVariant = lastVariant(variantOf(variant), config)
  const spec: ModelSpec = {
    variant: trainedVariant,
    config,
    input: read,
    kind: read.kind,
    classes: read.classes.length,
  }
  const train = classifies ? rows.labelled : rows.train
  const validation = classifies ? rows.validation.filter((row) => read.labels![row]! >= 0) : rows.validation
  const model = new CompiledModel(spec, validationSizes(stage, validation))
  const pretrained = config.pretraining.kind !== 'none'
  const show = () => {
    const preview = makePreview(model, spec, seen, run.position.step, run.position.epoch)
    if (preview) run.port.send({ type: 'preview', preview })
  }
  const begins = run.position.step === stage.startStep
  if (begins) {
    if (pretrained) {
      removeCodes(run)
      if (!existsSync(checkpointFile(runFolder, 'pretrained'))) await run.write('pretrained', run.whole)
      await compareGradients(run, stage, spec, model, train)
    }
    model.load(run.whole)
    if (pretrained) addWeightChange(run, model, run.whole)
    else show()
    await run.save(model, false, 'last', ...(pretrained || run.snapshots === 0 ? [] : ['snapshot-0' as const]))
  } else {
    model.load(run.resumed!)
  }
  run.resumed = null
  const before = pretrained ? readCheckpoint(runFolder, 'pretrained').state : null
  await trainEpochs(run, {
    stage,
    spec,
    model,
    inputs: read,
    clean: seen,
    train,
    validation,
    onEpoch({ shows }) {
      if (before) addWeightChange(run, model, before)
      if (shows) show()
    },
  })
  return model
}

/**
 * Gradient norms of the same network from its initial weights, averaged over the first batches, beside which those of the
 * pretrained one can be seen (Bengio et al. 2007; Glorot and Bengio 2010). Nothing is learned: every step begins there again,
 * and the weights are loaded anew afterwards.
 */
async function compareGradients(
  run: TrainingRun,
  stage: PlannedStage,
  { variant, config }: ModelSpec,
  model: CompiledModel,
  train: Uint32Array,
): Promise<void> {
  const {
    job: { seed },
    data: { read },
    progress,
    position,
  } = run
  model.load(run.initial())
  const mean = variant.trainingMean?.(config.regularizer as never)
  if (mean) await refreshMean(model, read, train, mean.state)
  const initial = model.state()
  const order = shuffled(train, seed, 0)
  const steps = Math.min(comparedSteps, stage.stepsPerEpoch)
  const sums = new Float64Array(model.norms.length)
  for (let step = 1; step <= steps; step++) {
    const rows = order.subarray((step - 1) * stage.batchSize, step * stage.batchSize)
    const labels = stage.kind === 'classification' ? Int32Array.from(rows, (row) => read.labels![row]!) : null
    model.load(initial)
    const { norms } = model.step(gatherBatch(read, rows), rows, seed, stage.startStep + step, 0, {
      withNorms: true,
      labels,
      updates: step,
    })
    norms!.forEach((norm, index) => {
      sums[index] = sums[index]! + norm / steps
    })
  }
  model.norms.forEach((name, index) => {
    if (name.startsWith('gradient/'))
      progress.add('gradientUnpretrained/', [name.slice('gradient/'.length)], [sums[index]!], position)
  })
}

/** How far each kernel is from what it was before fine-tuning, relative to that: ||W - W0|| / ||W0||. */
function addWeightChange({ progress, position }: TrainingRun, model: CompiledModel, before: State): void {
  const now = model.weights()
  for (const [name, values] of Object.entries(now)) {
    const old = before[name]
    if (!name.endsWith('/kernel') || !old || name.startsWith('classifier/')) continue
    let change = 0,
      size = 0
    for (let i = 0; i < values.length; i++) {
      change += (values[i]! - old[i]!) ** 2
      size += old[i]! ** 2
    }
    progress.add('weightChange/', [name.slice(0, -'/kernel'.length)], [Math.sqrt(change / size)], position)
  }
}
