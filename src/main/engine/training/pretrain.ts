import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { sizeOf, type Shape } from '../../../shared/shape.ts'
import { openRowsFile, writeRowsFile } from '../data/rowsFile.ts'
import type { PackedDataset } from '../data/packed.ts'
import { activationRange } from '../network/activation.ts'
import { codeActivity } from '../evaluate/codeActivity.ts'
import { jacobian } from '../evaluate/jacobian.ts'
import type { Subject } from '../evaluate/measurement.ts'
import { reconstruction } from '../evaluate/reconstruction.ts'
import { inputTensor } from '../network/inputs.ts'
import { codeSizeOf, layersOf } from '../network/weights.ts'
import { variantOf } from '../variants/index.ts'
import { layerConfig, layerVariantOf, stackConfig } from '../variants/layers.ts'
import { CompiledModel, type State } from './compiled.ts'
import type { TrainingRun } from './trainingRun.ts'
import { withStep } from './diverged.ts'
import { trainEpochs, validationSizes } from './epochs.ts'
import { Stopped } from './port.ts'
import { makePreview } from './preview.ts'
import type { ModelSpec } from './modelSpec.ts'
import type { PlannedStage } from './stages.ts'
import { beginsAtMean, meanBias } from './outputBias.ts'
import { initialLayer, stackLayers, stackOf, unrolled } from './unroll.ts'

/**
 * Greedy pretraining of one layer as an autoencoder by itself (Hinton, Osindero and Teh 2006; Bengio, Lamblin, Popovici and
 * Larochelle 2007): its inputs are the clean codes of the layers below, computed once. Afterwards its weights are part of the
 * whole network, and the next stage may begin.
 */
export async function pretrainLayer(run: TrainingRun, stage: PlannedStage): Promise<void> {
  const {
    job: { config, seed },
    rows,
    data,
  } = run
  const layer = stage.layer!
  const inputs = layer === 0 ? data.read : await codesBelow(run, layer)
  const spec: ModelSpec = {
    variant: layerVariantOf(config),
    config: layerConfig(config, layer),
    input: inputs,
    kind: inputs.kind,
  }
  const layerNetwork = layersOf(spec.config.network, spec.input),
    whole = stackLayers(config, data.seen)
  const model = new CompiledModel(spec, validationSizes(stage, rows.validation))
  const begun = (): State => {
    const drawn = initialLayer(model.specs, layerNetwork, whole, layer, seed)
    if (layer > 0 || !beginsAtMean(config)) return drawn
    return { ...drawn, ...Object.fromEntries([meanBias(layerNetwork.decoder, data.seen, rows.train)]) }
  }
  try {
    model.load(run.resumed ? ownOf(run.resumed) : begun())
    run.resumed = null
    if (run.position.step === stage.startStep)
      await run.save(model, true, 'last', ...(layer === 0 && run.snapshots > 0 ? ['snapshot-0' as const] : []))
    const clean = layer === 0 ? data.seen : inputs
    await trainEpochs(run, {
      stage,
      spec,
      model,
      inputs,
      clean,
      train: rows.train,
      validation: rows.validation,
      onEpoch: () => {},
    })
    run.whole = { ...run.whole, ...unrolled(model.weights(), layerNetwork, whole, layer) }
  } finally {
    model.close()
    if (inputs !== data.read) inputs.close()
  }
  await measureStack(run, layer + 1)
  run.position = { ...run.position, stage: run.position.stage + 1 }
}

/** The layer's own weights, slots and state in a checkpoint. */
const ownOf = (state: State): State =>
  Object.fromEntries(
    Object.entries(state).flatMap(([name, values]): [string, Float32Array][] =>
      name.startsWith('stage/') ? [[name.slice('stage/'.length), values]] : [],
    ),
  )

const folderOf = ({ job }: TrainingRun) => join(job.runFolder, 'stages')
/** Removes the codes that were kept for pretraining. */
export const removeCodes = (run: TrainingRun): void => rmSync(folderOf(run), { recursive: true, force: true })

/** Weights of the first layers of the whole network, as they are by now. */
const firstLayers = ({ whole, job: { config }, data: { seen } }: TrainingRun, layers: number): State =>
  stackOf(whole, stackLayers(config, seen), stackLayers(config, seen, layers))

/** These layers as a network. The caller closes the model. */
function stackModel(run: TrainingRun, layers: number): { model: CompiledModel; spec: ModelSpec } {
  const {
    job: { config, variant },
    data: { seen },
  } = run
  // What of a code the run's own variant lets through is its business, and that of the whole network only.
  const { gate: _, ...ungated } = variantOf(variant)
  const spec: ModelSpec = {
    variant: ungated,
    config: stackConfig(config, layers),
    input: seen,
    kind: seen.kind,
  }
  const model = new CompiledModel(spec)
  model.load(firstLayers(run, layers))
  return { model, spec }
}

/** The clean codes of the layers below, from disk; computed where they are not there. */
async function codesBelow(run: TrainingRun, layer: number): Promise<PackedDataset> {
  const {
    data: { seen },
    port,
    progress,
    job: { config },
  } = run
  const shape = stackLayers(config, seen).encoder[layer]!.map.in,
    width = sizeOf(shape)
  const file = join(folderOf(run), `codes-${layer}.f32`)
  const below = firstLayers(run, layer)
  const hash = createHash('sha256')
  for (const name of Object.keys(below)
    .filter((each) => each.startsWith('encoder/'))
    .sort())
    hash.update(name).update(below[name]!)
  const key = hash.digest('hex')
  const kept = openRowsFile(file, seen, shape, key)
  if (kept) return kept
  removeCodes(run)
  const { model } = stackModel(run, layer)
  try {
    await writeRowsFile(
      file,
      seen,
      width,
      (rows) => {
        const x = inputTensor(seen, rows)
        const code = model.encode(x)
        try {
          return code.dataSync<'float32'>().slice()
        } finally {
          x.dispose()
          code.dispose()
        }
      },
      {
        key,
        signal: port.signal,
        onProgress: (done, total) =>
          port.send({
            type: 'progress',
            ...progress.message(run.position, { done, total, unit: 'images', stage: `Codes for layer ${layer + 1}` }),
          }),
      },
    )
  } catch (thrown) {
    throw port.signal.aborted ? new Stopped(run.position) : thrown
  } finally {
    model.close()
  }
  return openRowsFile(file, seen, shape, key)!
}

/** Units up to which an exact norm, which takes a way back for each of them, is measured of several convolutions. */
const mostUnits = 1024

/** Whether the Jacobian norm of a stack is measured: of one layer it has a closed form, of a code of many maps it would take hours. */
const hasExactNorm = ({ config: { network } }: ModelSpec, input: Shape): boolean =>
  network.convolutions.length === 0 ||
  network.convolutions.length + network.layers.length === 1 ||
  codeSizeOf(network, input) <= mostUnits

/** What the stack of pretrained layers makes of the test split, as one point of each figure's series; and what it looks like. */
async function measureStack(run: TrainingRun, layers: number): Promise<void> {
  const {
    data: { seen },
    rows,
    port,
    progress,
    position,
  } = run
  const { model, spec } = stackModel(run, layers)
  try {
    const preview = makePreview(model, spec, seen, position.step, position.epoch)
    if (preview) port.send({ type: 'preview', preview })
    const subject: Subject = {
      model,
      dataset: seen,
      train: rows.train,
      outputRange: activationRange[spec.config.network.outputActivation],
      codes: null,
    }
    const report = async () => {
      if (await port.wanted()) throw new Stopped(position)
    }
    const { squaredError } = await reconstruction.measure(subject, report)
    const jacobianNorm = hasExactNorm(spec, seen) ? (await jacobian.measure(subject, report)).jacobianNorm : null
    const { saturation } = await codeActivity.measure(subject, report)
    // Codes without bounds are never saturated, and have no such figure.
    const figures = Object.entries({
      squaredError: squaredError ?? NaN,
      jacobianNorm: jacobianNorm ?? NaN,
      ...(saturation === null ? {} : { saturation }),
    })
    progress.add(
      'stack/',
      figures.map(([name]) => name),
      figures.map(([, value]) => value),
      position,
    )
  } catch (thrown) {
    throw withStep(thrown, position.step)
  } finally {
    model.close()
  }
}
