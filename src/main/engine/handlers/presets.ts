import { factsOf } from '../experiments/newRun.ts'
import { findPresetRun, presetInfos, presetOf } from '../presets/index.ts'
import { outcomeOf } from '../presets/outcome.ts'
import { resolveConfig } from '../variants/index.ts'
import type { Context, Handlers } from './context.ts'
import { importInto } from './importing.ts'

/** Published experiments, their data, and what runs made from them came to. */
export const presetHandlers = (context: Context) => {
  const { home, store, queue } = context
  return {
    'presets.list': () => ({ presets: presetInfos() }),
    'presets.import': async ({ preset }) => {
      const { name, ...request } = presetOf(preset).dataset.request
      const isNameUsed = name !== undefined && store.datasets.isTaken(name)
      return { task: await importInto(context, isNameUsed || name === undefined ? request : { ...request, name }) }
    },
    'presets.outcome': ({ run: reference }) => {
      const run = queue.view(store.runs.resolve(reference))
      const planned = run.preset === null ? null : findPresetRun(run.preset)
      // A preset may be one of another version of the workbench.
      if (planned === null) return { outcome: null }
      const dataset = store.datasets.get(run.datasetId)
      const { config } = resolveConfig(planned.run.variant, planned.run.settings, factsOf(home, dataset))
      return { outcome: outcomeOf(planned, { run, runs: store.runs.list(), dataset, config }) }
    },
  } satisfies Partial<Handlers>
}
