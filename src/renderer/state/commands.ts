import { datasets } from './datasets.svelte.ts'
import { experiments } from './experiments.svelte.ts'
import { importing } from './importing.svelte.ts'
import type { Command } from './matching.ts'
import { presets } from './presets.svelte.ts'
import { viewDetails, views, viewTitles } from './exploreAddress.ts'
import { route, to } from './route.svelte.ts'
import { runs } from './runs.svelte.ts'
import { selection } from './selection.svelte.ts'
import { theme } from './theme.svelte.ts'
import { variants } from './variants.svelte.ts'

const go = (address: string) => (): void => route.go(address)

/** Actions and views, then all runs and datasets by name, then a new run of each variant. */
export function commands(): Command[] {
  const explored = exploredRuns()
  return [
    { id: 'new', kind: 'Action', title: 'New run', detail: 'train an autoencoder', keys: 'n', run: go(to.newRun()) },
    {
      id: 'new-experiment',
      kind: 'Action',
      title: 'New experiment',
      detail: 'plan variants, settings and seeds to compare',
      keys: 'e',
      run: go(to.newExperiment()),
    },
    {
      id: 'import',
      kind: 'Action',
      title: 'Import images',
      detail: 'a folder, IDX files or a NumPy archive',
      run: () => importing.show(),
    },
    ...(selection.runs.length >= 2
      ? [
          {
            id: 'compare-selected',
            kind: 'Action' as const,
            title: `Compare the ${selection.runs.length} selected runs`,
            detail: '',
            keys: 'c',
            run: go(to.compare(selection.runs)),
          },
        ]
      : []),
    { id: 'datasets', kind: 'View', title: 'Datasets', detail: '', run: go(to.datasets()) },
    { id: 'experiments', kind: 'View', title: 'Experiments', detail: 'plans, progress, queue', run: go(to.experiments()) },
    { id: 'runs', kind: 'View', title: 'Runs', detail: '', run: go(to.runs()) },
    { id: 'compare', kind: 'View', title: 'Compare', detail: '', keys: 'c', run: go(to.compare(selection.runs)) },
    { id: 'explore', kind: 'View', title: 'Explore', detail: 'look into a trained network', run: go(to.explore()) },
    { id: 'exports', kind: 'View', title: 'Exports', detail: '', run: go(to.exports()) },
    { id: 'places', kind: 'View', title: 'Places', detail: 'clusters, Slurm, other machines by ssh', run: go(to.places()) },
    {
      id: 'storage',
      kind: 'View',
      title: 'Storage',
      detail: 'disk space, thin out, bin, removed runs, restore',
      run: go(to.storage()),
    },
    {
      id: 'start',
      kind: 'View',
      title: 'First comparison',
      detail: 'start: PCA, classical and denoising on one dataset',
      run: go(to.start()),
    },
    {
      id: 'theme',
      kind: 'Action',
      title: theme.shown === 'dark' ? 'Switch to light' : 'Switch to dark',
      detail: 'colours, theme',
      run: () => theme.toggle(),
    },
    ...(theme.choice === 'system'
      ? []
      : [
          {
            id: 'theme-system',
            kind: 'Action' as const,
            title: 'Light or dark as the system says',
            detail: 'colours, theme',
            run: () => theme.choose('system'),
          },
        ]),
    ...(explored.length === 0
      ? []
      : views.map((view) => ({
          id: `explore-${view}`,
          kind: 'View' as const,
          title: `Explore: ${viewTitles[view]}`,
          detail: `${viewDetails[view]}; ${runs.row(explored[0]!)?.name}`,
          run: go(to.explore(explored, view)),
        }))),
    ...experiments.list.map((experiment) => ({
      id: `experiment-${experiment.id}`,
      kind: 'Experiment' as const,
      title: experiment.name,
      detail: `on ${experiment.dataset}, ${experiment.state}`,
      run: go(to.experiment(experiment.id)),
    })),
    ...runs.list.map((run) => ({
      id: `run-${run.id}`,
      kind: 'Run' as const,
      title: run.name,
      archived: run.archived,
      detail:
        `${run.archived ? 'Archived; ' : ''}${variants.byId.get(run.variant)?.title ?? run.variant} ` +
        `on ${run.dataset}, ${run.state}`,
      run: go(to.run(run.id)),
    })),
    ...datasets.list.map((dataset) => ({
      id: `dataset-${dataset.id}`,
      kind: 'Dataset' as const,
      title: dataset.name,
      detail: dataset.source,
      run: go(to.dataset(dataset.id)),
    })),
    ...presets.list.map((preset) => ({
      id: `preset-${preset.id}`,
      kind: 'Action' as const,
      title: `From a paper: ${preset.title}`,
      detail: preset.reference,
      run: go(to.newRun({ preset: preset.id })),
    })),
    ...variants.list.map((variant) => ({
      id: `new-${variant.id}`,
      kind: 'Action' as const,
      title: `New run: ${variant.title}`,
      detail: variant.reference,
      run: go(to.newRun({ variant: variant.id })),
    })),
  ]
}

/**
 * The run that a view of one is about: that of the page, else the ticked ones, else the newest one that is complete; an archived
 * one where there is no other.
 */
function exploredRuns(): string[] {
  if ((route.view === 'runs' || route.view === 'explore') && route.id !== null && runs.byId.has(route.id)) return [route.id]
  if (selection.runs.length > 0) return selection.runs.slice(0, 1)
  const newest =
    runs.list.find(({ state, archived }) => state === 'completed' && !archived) ??
    runs.list.find(({ state }) => state === 'completed')
  return newest ? [newest.id] : []
}
