import type { Run } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { factsOf, lengthOf, runOf } from '../experiments/newRun.ts'
import { requirePreset } from '../presets/index.ts'
import { newId } from '../store/ids.ts'
import type { RunChange } from '../store/runs.ts'
import { untilOf } from '../trash.ts'
import { resolveConfig } from '../variants/index.ts'
import type { Context, Handlers } from './context.ts'

export const runHandlers = ({ home, store, queue, trash, emit }: Context) => {
  const edited = (reference: string, change: RunChange): Run => {
    const { id } = store.runs.resolve(reference)
    store.runs.update(id, change)
    const run = queue.view(store.runs.get(id))
    emit({ type: 'run', run })
    return run
  }
  return {
    'runs.check': ({ dataset: reference, variant, settings }) => {
      const dataset = reference === undefined ? null : store.datasets.get(reference)
      const resolved = resolveConfig(variant, settings, dataset === null ? {} : factsOf(home, dataset))
      const length = resolved.config === null || dataset === null ? null : lengthOf(variant, resolved.config, dataset)
      return { ...resolved, stepsPerEpoch: length?.stepsPerEpoch ?? null, stages: length?.stages ?? [] }
    },
    'runs.create': ({ dataset: reference, variant, settings, seed, name, preset }) => {
      requirePreset(preset, variant)
      const dataset = store.datasets.get(reference)
      const { config, problems, parameters } = resolveConfig(variant, settings, factsOf(home, dataset))
      if (config === null) throw WorkbenchError.from(problems[0]!)
      const run = store.transaction(() => store.runs.insert({
        ...runOf(newId(), dataset, variant, seed, { config, parameters }), name: name ?? store.runs.freeName(variant), preset: preset ?? null, colour: store.runs.freeColour(),
      }, new Date().toISOString()))
      emit({ type: 'run', run })
      queue.add(run.id)
      return { run: queue.view(store.runs.get(run.id)) }
    },
    'runs.list': () => ({ runs: store.runs.list().map(queue.view) }),
    'runs.show': ({ run }) => ({ run: queue.view(store.runs.resolve(run)) }),
    'runs.pause': ({ run }) => ({ run: queue.pause(store.runs.resolve(run)) }),
    'runs.resume': ({ run }) => ({ run: queue.resume(store.runs.resolve(run)) }),
    'runs.cancel': ({ run }) => ({ run: queue.cancel(store.runs.resolve(run)) }),
    'runs.rename': ({ run, name }) => ({ run: edited(run, { name }) }),
    'runs.edit': ({ run, tags, ...change }) => ({ run: edited(run, { ...change, ...(tags === undefined ? {} : { tags: [...new Set(tags)] }) }) }),
    'runs.remove': async ({ run: reference }) => {
      const run = store.runs.resolve(reference)
      if (run.state === 'running') throw new WorkbenchError('RUN_STATE', `The run "${run.name}" is training and cannot be removed; cancel it first.`)
      await queue.gone(run.id)
      if (store.runs.get(run.id).state === 'running') throw new WorkbenchError('RUN_STATE', `The run "${run.name}" trains again and was not removed; cancel it first.`)
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
