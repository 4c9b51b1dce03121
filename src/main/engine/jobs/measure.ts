import type { Config } from '../../../shared/config.ts'
import { shapeOf, sizeOf, type Shape } from '../../../shared/shape.ts'
import { validationSplit } from '../data/split.ts'
import type { PackedDataset } from '../data/packed.ts'
import { gatherBatch } from '../network/inputs.ts'
import { variantOf } from '../variants/index.ts'
import { layerConfig, layerVariantOf } from '../variants/layers.ts'
import { labelledRows } from '../data/labelled.ts'
import { layersOf } from '../network/weights.ts'
import { initialValues } from '../network/initialise.ts'
import { rowsOf } from '../training/batches.ts'
import { lastVariant } from '../training/classification.ts'
import { CompiledModel, type Batch } from '../training/compiled.ts'
import { openTrainingData, type TrainingData } from '../training/data.ts'
import { evaluateTrained } from '../training/evaluation.ts'
import { Stopped, type Port } from '../training/port.ts'
import type { ModelSpec } from '../training/modelSpec.ts'
import { withStatistics } from '../training/statistics.ts'
import { countsOf, stagesOf, type PlannedStage } from '../training/stages.ts'
import { reporting } from './share.ts'

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
/**
 * Seconds: of each stage a step and the validation of one row; a fit in closed form (else 0); all before the first step; an
 * evaluation.
 */
export interface MeasureResult {
  stages: { step: number; row: number }[]
  fit: number
  start: number
  evaluation: number | null
  /** The most that the process took, in bytes. */
  memory: number
}

/** Steps before those that are timed, steps that are, and seconds after which fewer have to do. */
const warmUp = 3,
  steps = 20,
  enough = 2,
  fewest = 3
/** Rows that are validated at once. */
const validated = 256

/**
 * Measures how long a config's steps, validations and, where asked, evaluation take on its dataset. Nothing is kept of what is
 * trained.
 */
export async function measureRun(given: MeasureJob, port: Port): Promise<MeasureResult> {
  const { variant: id, seed } = given
  const variant = variantOf(id)
  const data = openTrainingData(given.datasetFolder, given.config)
  const { read, seen } = data
  const rows = validationSplit(seen, seed)
  const config = await withStatistics(given.config, data, rows.train, port)
  const job = { ...given, config }
  const plan = stagesOf(variant, config, countsOf(seen, rows))
  const parts = plan.length + (variant.fit ? 1 : 0) + (job.evaluation ? 1 : 0)
  let done = 0
  const tell = reporting(port, 'Measuring', { stopped: () => new Stopped() })
  const report = (share = 0) => tell((done + share) / parts)
  await report()

  const stages: MeasureResult['stages'] = []
  let model: CompiledModel | null = null
  let start = 0
  for (const stage of plan) {
    const spec = specOf(job, stage, data)
    model?.close()
    model = new CompiledModel(spec, [stage.batchSize, Math.min(validated, rows.validation.length)])
    model.load(Object.fromEntries(model.specs.map((each) => [each.name, initialValues(each, seed)])))
    const labelled = stage.kind === 'classification' ? labelledRows(seen, rows.train, config.fineTuning.labelled, seed) : null
    const source = stage.kind === 'layer' && stage.layer! > 0 ? null : read
    const step = await timeSteps(model, spec, source, labelled ?? rows.train, stage.batchSize, report)
    // What comes before the first step, from the start of this process on and compiling included, comes once.
    if (stages.length === 0) start = performance.now() / 1000 - step.all
    stages.push({ step: step.each, row: timeValidation(model, spec, source, rows.validation, stage.kind === 'classification') })
    done += 1
  }
  let fit = 0
  if (variant.fit) {
    const spec: ModelSpec = { variant, config, input: read, kind: read.kind }
    model = new CompiledModel(spec)
    start = performance.now() / 1000
    const fitting = performance.now()
    const weights = await variant.fit(rowsOf(read, rows.train), config, async (part, total) => report(part / total))
    fit = (performance.now() - fitting) / 1000
    model.load(
      Object.fromEntries(Object.entries(weights).map(([name, tensor]) => [name, tensor.dataSync().slice() as Float32Array])),
    )
    done += 1
  }
  let evaluation: number | null = null
  if (job.evaluation && model) {
    evaluation = (
      await evaluateTrained(model, { variant, config }, seen, rows.train, {
        signal: port.signal,
        onProgress: ({ done: part, total }) => void report(part / total).catch(() => {}),
      }).catch((thrown: unknown) => {
        throw port.signal.aborted ? new Stopped() : thrown
      })
    ).seconds
  }
  return { stages, fit, start, evaluation, memory: process.resourceUsage().maxRSS * 1024 }
}

/** What a stage trains, as its training would. */
function specOf({ variant, config }: MeasureJob, stage: PlannedStage, { read, seen }: TrainingData): ModelSpec {
  if (stage.kind !== 'layer') {
    const whole = { variant: lastVariant(variantOf(variant), config), config }
    return { ...whole, input: read, kind: read.kind, classes: read.classes.length }
  }
  const layer = stage.layer!
  const input = layersOf(config.network, shapeOf(seen)).encoder[layer]!.map.in
  const kind = layer === 0 ? read.kind : 'vector'
  return { variant: layerVariantOf(config), config: layerConfig(config, layer), input, kind }
}

/** A batch of the data; of layers whose inputs are codes that do not exist yet, values like those of sigmoid units: they take as long. */
function batchOf(source: PackedDataset | null, rows: Uint32Array, input: Shape): Batch {
  return source
    ? gatherBatch(source, rows)
    : Float32Array.from({ length: rows.length * sizeOf(input) }, (_, index) => (index % 97) / 97)
}

async function timeSteps(
  model: CompiledModel,
  spec: ModelSpec,
  source: PackedDataset | null,
  train: Uint32Array,
  batchSize: number,
  report: () => Promise<void>,
): Promise<{ each: number; all: number }> {
  const begin = performance.now()
  let timed = 0,
    from = begin
  for (let step = 1; timed < steps; step++) {
    const at = ((step - 1) * batchSize) % Math.max(1, train.length - batchSize + 1)
    const rows = train.subarray(at, at + batchSize)
    const labels = spec.config.fineTuning.kind === 'classification' ? Int32Array.from(rows, (row) => source!.labels![row]!) : null
    model.step(batchOf(source, rows, spec.input), rows, 1, step, spec.config.training.learningRate, { labels })
    if (step === warmUp) from = performance.now()
    if (step > warmUp) timed += 1
    if (timed >= fewest && performance.now() - from > enough * 1000) break
    if (step % 5 === 0) await report()
  }
  const end = performance.now()
  return { each: (end - from) / 1000 / timed, all: (end - begin) / 1000 }
}

function timeValidation(
  model: CompiledModel,
  spec: ModelSpec,
  source: PackedDataset | null,
  validation: Uint32Array,
  classifies: boolean,
): number {
  const usable = classifies ? validation.filter((row) => source!.labels![row]! >= 0) : validation
  const rows = usable.subarray(0, Math.min(validated, validation.length))
  if (rows.length === 0 || rows.length < Math.min(validated, validation.length)) return 0
  const labels = classifies ? Int32Array.from(rows, (row) => source!.labels![row]!) : null
  const once = () => model.validate(batchOf(source, rows, spec.input), rows, 1, -1, labels)
  once()
  const from = performance.now()
  for (let i = 0; i < 3; i++) once()
  return (performance.now() - from) / 1000 / 3 / rows.length
}
