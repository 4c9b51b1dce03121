import { rmSync } from 'node:fs'
import type { Dataset } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { CallArguments } from '../../../shared/calls.ts'
import { labelledCount } from '../data/labelled.ts'
import type { Home } from '../home.ts'
import { requirePreset } from '../presets/index.ts'
import { newId } from '../store/ids.ts'
import { stageOf, stagesOf, type PlannedStage } from '../training/stages.ts'
import { resolveConfig, variantOf, type Resolved } from '../variants/index.ts'
import type { Context, Handlers } from './context.ts'

const trainCountOf = (dataset: Dataset): number => dataset.count - dataset.testCount

function resolve(home: Home, variant: string, settings: CallArguments<'runs.create'>['settings'], dataset: Dataset | null): Resolved {
  if (dataset === null) return resolveConfig(variant, settings)
  const rowSize = dataset.width * dataset.height * dataset.channels
  const unlabelled = dataset.count - dataset.classCounts.reduce((sum, count) => sum + count, 0)
  return resolveConfig(variant, settings, {
    rowSize, trainCount: trainCountOf(dataset), kind: dataset.kind, classes: dataset.classes.length,
    // Only where some have one and some have none is it to be counted which.
    ...(dataset.classes.length > 0 && unlabelled > 0 ? { labelled: labelledCount(home.dataset(dataset.id)) } : {}),
  })
}

/** What would be trained, in order; empty where nothing is, or where that is not known. */
function planOf({ config }: Resolved, variant: string, dataset: Dataset | null): PlannedStage[] {
  if (config === null || dataset === null) return []
  return stagesOf(variantOf(variant), config, { rowSize: dataset.width * dataset.height * dataset.channels, trainCount: trainCountOf(dataset) })
}

export const runHandlers = ({ home, store, queue, emit }: Context) => ({
  'runs.check': ({ dataset: reference, variant, settings }) => {
    const dataset = reference === undefined ? null : store.datasets.get(reference)
    const resolved = resolve(home, variant, settings, dataset)
    const plan = planOf(resolved, variant, dataset)
    return { ...resolved, stepsPerEpoch: plan.at(-1)?.stepsPerEpoch ?? null, stages: plan.map(stageOf) }
  },
  'runs.create': ({ dataset: reference, variant, settings, seed, name, preset }) => {
    requirePreset(preset, variant)
    const dataset = store.datasets.get(reference)
    const resolved = resolve(home, variant, settings, dataset)
    if (resolved.config === null) throw WorkbenchError.from(resolved.problems[0]!)
    const { config, parameters } = resolved
    const stages = planOf(resolved, variant, dataset).map(stageOf)
    const last = stages.at(-1)
    const run = store.transaction(() => store.runs.insert({
      id: newId(), name: name ?? store.runs.freeName(variant), datasetId: dataset.id, variant, seed, config, stages, preset: preset ?? null,
      epochs: last ? last.startEpoch + last.epochs : 0, steps: last ? last.startStep + last.steps : 0, parameters: parameters ?? 0, colour: store.runs.freeColour(),
    }, new Date().toISOString()))
    emit({ type: 'run', run })
    return { run: queue.add(run.id) }
  },
  'runs.list': () => ({ runs: store.runs.list().map(queue.view) }),
  'runs.show': ({ run }) => ({ run: queue.view(store.runs.resolve(run)) }),
  'runs.pause': ({ run }) => ({ run: queue.pause(store.runs.resolve(run)) }),
  'runs.resume': ({ run }) => ({ run: queue.resume(store.runs.resolve(run)) }),
  'runs.cancel': ({ run }) => ({ run: queue.cancel(store.runs.resolve(run)) }),
  'runs.rename': ({ run: reference, name }) => {
    const { id } = store.runs.resolve(reference)
    store.runs.update(id, { name })
    const run = queue.view(store.runs.get(id))
    emit({ type: 'run', run })
    return { run }
  },
  'runs.remove': async ({ run: reference }) => {
    const run = store.runs.resolve(reference)
    if (run.state === 'running') throw new WorkbenchError('RUN_STATE', `The run "${run.name}" is training and cannot be removed; cancel it first.`)
    await queue.gone(run.id)
    if (store.runs.get(run.id).state === 'running') throw new WorkbenchError('RUN_STATE', `The run "${run.name}" trains again and was not removed; cancel it first.`)
    // The row first: a folder without a run is harmless, a run without its folder is not.
    store.runs.remove(run.id)
    rmSync(home.run(run.id), { recursive: true, force: true })
    emit({ type: 'runRemoved', run: run.id })
    return {}
  },
} satisfies Partial<Handlers>)
