import type { Config, Settings } from '../../../shared/config.ts'
import type { Dataset, Run } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { flatten } from '../../../shared/settings/nested.ts'
import { standardisedNotes } from '../checkpoint/standardised.ts'
import { matchWeights, type WeightsFile } from '../checkpoint/weightsFile.ts'
import { dataNotes } from '../compare/dataNotes.ts'
import { oneForAllNotes } from '../compare/notes.ts'
import { bytesOf } from '../experiments/costs.ts'
import { sizeWarnings } from '../experiments/limits.ts'
import { factsOf, labelNotes, lengthOf, pixelsOf, plannedStages, runOf } from '../experiments/newRun.ts'
import { knownTimes } from '../experiments/times.ts'
import { runFigures } from '../figures/index.ts'
import { machineMemory } from '../machine.ts'
import { findPresetRun, requirePreset } from '../presets/index.ts'
import { newId } from '../store/ids.ts'
import type { RunChange } from '../store/runs.ts'
import { untilOf } from '../trash.ts'
import { inertSettings } from '../variants/inert.ts'
import { likelihoodNotes } from '../variants/likelihoodNotes.ts'
import { resolveConfig, variantOf } from '../variants/index.ts'
import { memoryOf, processBytes } from '../variants/memory.ts'
import type { Given } from '../variants/settings/resolve.ts'
import { describedLayersOf } from '../variants/variant.ts'
import type { Context, Handlers } from './context.ts'
import { openWeights, openWholeWeights, settingsOf, withWeights } from './weights.ts'

/** What of a network does not begin with a file's weights, in words. Errors: RUN_MISMATCH, VARIANT_UNSUITABLE. */
function begunAnew(file: WeightsFile, variant: string, config: Config, dataset: Dataset): string[] {
  const { title, fit } = variantOf(variant)
  if (fit)
    throw new WorkbenchError(
      'VARIANT_UNSUITABLE',
      `${title} is computed in closed form and begins with no weights; choose a variant that is trained.`,
      { field: 'variant' },
    )
  const { anew } = matchWeights(file, variantOf(variant), config, { input: dataset, classes: dataset.classes.length })
  return anew.length === 0 ? [] : [`Not in the file, and so begun anew: ${anew.join(', ')}.`]
}

/** What a run is to have on top of its defaults: what a file of weights says, then what was given, some of it as a preset has it. */
function givenOf(variant: string, settings: Settings, file: WeightsFile | null, preset: Run['preset'] | undefined): Given[] {
  const planned = preset ? findPresetRun(preset) : null
  const usual = new Map(planned ? flatten(planned.run.settings) : [])
  const { preset: ofPreset = [], given = [] } = Object.groupBy(flatten(settings), ([key, value]) =>
    usual.has(key) && JSON.stringify(usual.get(key)) === JSON.stringify(value) ? 'preset' : 'given',
  )
  return [
    ...(file ? [{ from: 'weights' as const, settings: settingsOf(file, variant) }] : []),
    { from: 'preset', settings: Object.fromEntries(ofPreset) },
    { from: 'given', settings: Object.fromEntries(given) },
  ]
}

/** Runs: checking, making, steering, editing, removing and restoring them. */
export const runHandlers = ({ home, store, queue, trash, emit }: Context) => {
  const edited = (reference: string, change: RunChange): Run => {
    const { id } = store.runs.ours(reference)
    store.runs.update(id, change)
    const run = queue.view(store.runs.get(id))
    emit({ type: 'run', run })
    return run
  }
  /** What one run takes, and what is to be said of it. */
  const costOf = (variant: string, config: Config, dataset: Dataset, parameters: number | null) => {
    const stages = plannedStages(variant, config, dataset)
    const times = knownTimes(store, dataset, queue.settings.threads)
    const measured = times.timing(variant, config, stages)?.memory
    const memory = measured ?? memoryOf(variantOf(variant), config, dataset, parameters ?? 0) + processBytes
    const expected = times.expected(variant, config, stages)
    const cell = { title: '', config, parameters, memory, expected }
    const bytes = parameters === null ? null : bytesOf(variant, config, dataset, stages, parameters, queue.settings.get().copies)
    return {
      memory,
      expected,
      bytes,
      warnings: sizeWarnings([cell], machineMemory(), dataset.kind === 'image' ? dataset : undefined),
    }
  }
  return {
    'runs.check': ({ dataset: reference, variant, settings, weights, preset, seed }) => {
      const dataset = reference === undefined ? null : store.datasets.get(reference)
      const file = weights === undefined ? null : openWeights(weights)
      const given = givenOf(variant, settings, file, preset)
      const resolved = resolveConfig(variant, given, dataset === null ? {} : factsOf(home, dataset))
      if (file !== null && dataset !== null && resolved.config !== null)
        resolved.warnings.push(...begunAnew(file, variant, resolved.config, dataset))
      const length = resolved.config === null || dataset === null ? null : lengthOf(variant, resolved.config, dataset)
      const cost =
        resolved.config === null || dataset === null ? null : costOf(variant, resolved.config, dataset, resolved.parameters)
      if (resolved.config !== null && dataset !== null)
        resolved.warnings.push(...labelNotes(home, dataset, resolved.config, seed ?? 1))
      resolved.warnings.push(...(cost?.warnings ?? []))
      return {
        ...resolved,
        inert: resolved.config === null ? [] : [...inertSettings(variantOf(variant), resolved.config).keys()],
        expected: cost?.expected ?? null,
        memory: cost?.memory ?? null,
        bytes: cost?.bytes ?? null,
        stepsPerEpoch: length?.stepsPerEpoch ?? null,
        stages: length?.stages ?? [],
      }
    },
    'runs.create': async ({ dataset: reference, variant, settings, seed, name, preset, weights, held }) => {
      requirePreset(preset, variant)
      const dataset = store.datasets.get(reference)
      const file = weights === undefined ? null : await openWholeWeights(weights)
      const given = givenOf(variant, settings, file, preset)
      const { config, problems, parameters } = resolveConfig(variant, given, factsOf(home, dataset))
      if (config === null) throw WorkbenchError.from(problems[0]!)
      const fresh = runOf(home, newId(), dataset, variant, seed, { config, parameters })
      if (file !== null) begunAnew(file, variant, config, dataset)
      const insert = (origin: Run['origin']): Run =>
        store.transaction(() =>
          store.runs.insert(
            {
              ...fresh,
              name: name ?? store.runs.freeName(variant),
              preset: preset ?? null,
              origin,
              colour: store.runs.freeColour(),
            },
            new Date().toISOString(),
          ),
        )
      const run = file === null ? insert(null) : await withWeights(home, fresh.id, file, insert)
      if (held) store.runs.update(run.id, { state: 'paused' })
      emit({ type: 'run', run: store.runs.get(run.id) })
      if (!held) queue.add(run.id)
      return { run: queue.view(store.runs.get(run.id)) }
    },
    'runs.list': () => ({ runs: store.runs.list().map((run) => queue.view(run)) }),
    'runs.notes': ({ run: reference }) => {
      const run = store.runs.resolve(reference),
        { variant, config, datasetId } = run
      const definition = variantOf(variant),
        dataset = store.datasets.get(datasetId),
        facts = pixelsOf(home, dataset)
      return {
        notes: [
          ...standardisedNotes(home.run(run.id), config),
          ...oneForAllNotes([run]),
          ...labelNotes(home, dataset, config, run.seed),
          ...(run.evaluation === null
            ? likelihoodNotes(config, definition, facts, false)
            : dataNotes([run], () => ({ dataset, facts }))),
        ],
        inert: [...inertSettings(definition, config).keys()],
        layers: describedLayersOf(definition, config, dataset, dataset.classes.length),
      }
    },
    'runs.figures': ({ run }) => ({ figures: runFigures(store.runs.resolve(run)) }),
    'runs.show': ({ run }) => ({ run: queue.view(store.runs.resolve(run)) }),
    'runs.pause': ({ run }) => ({ run: queue.pause(store.runs.resolve(run)) }),
    'runs.resume': async ({ run }) => ({ run: await queue.resume(store.runs.resolve(run)) }),
    'runs.cancel': ({ run }) => ({ run: queue.cancel(store.runs.resolve(run)) }),
    'runs.edit': ({ run, tags, ...change }) => ({
      run: edited(run, { ...change, ...(tags === undefined ? {} : { tags: [...new Set(tags)] }) }),
    }),
    'runs.remove': async ({ run: reference }) => {
      const run = store.runs.resolve(reference)
      if (run.state === 'running') {
        const message = `The run “${run.name}” is training and cannot be removed; cancel it first (aebench runs cancel).`
        throw new WorkbenchError('RUN_STATE', message)
      }
      await queue.gone(run.id)
      if (store.runs.get(run.id).state === 'running')
        throw new WorkbenchError('RUN_STATE', `The run “${run.name}” trains again and was not removed; cancel it first.`)
      const now = new Date().toISOString()
      trash.removeRuns([run.id], now)
      return { run: run.id, until: untilOf(now) }
    },
    'runs.restore': ({ run: id }) => {
      trash.restoreRuns([id])
      const run = queue.view(store.runs.get(id))
      emit({ type: 'run', run })
      if (run.state === 'queued') queue.add(id)
      return { run }
    },
  } satisfies Partial<Handlers>
}
