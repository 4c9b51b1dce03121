import { thousands } from '../../../shared/words.ts'
import { comparedBytes as size } from '../../../shared/amounts.ts'
import type { Config } from '../../../shared/config.ts'
import type { Dataset } from '../../../shared/domain.ts'
import type { ErrorInfo } from '../../../shared/errors.ts'
import type { ExpectedTime } from '../../../shared/expectedTime.ts'
import type { Plan, PlanCheck, PlannedCell } from '../../../shared/experiments.ts'
import type { Home } from '../home.ts'
import { freeBytesOf } from '../files/disk.ts'
import type { Store } from '../store/store.ts'
import { machineMemory } from '../machine.ts'
import { variantOf } from '../variants/registry.ts'
import { memoryOf, processBytes } from '../variants/memory.ts'
import { bytesOf, mapBytesOf, scheduled, slotBytesOf } from './costs.ts'
import { fewStepsWarnings, type Staged } from './fewSteps.ts'
import { finishedRuns, identityOf } from './finished.ts'
import { factsOf, labelNotes as ofLabels, plannedStages } from './newRun.ts'
import { sizeWarnings, type Costed } from './limits.ts'
import { expandPlan } from './plan.ts'
import { knownTimes } from './times.ts'

/** Seeds of a plan of which it is looked whether labels suffice. */
const seedsTried = 5

interface Parts {
  store: Store
  home: Home
  trainers: number
  copies: number
  threads: number
}

/**
 * What a plan comes to: its cells with what each costs, what is wrong, what is to be known before it is carried out. Nothing is
 * measured here.
 */
export function checkPlan({ store, home, trainers, copies, threads }: Parts, plan: Plan): PlanCheck {
  const dataset = store.datasets.find(plan.dataset)
  const { cells: expanded, problems, warnings, baseline } = expandPlan(plan, dataset ? factsOf(home, dataset) : {})
  if (!dataset) problems.unshift(unknownDataset(plan.dataset))
  const finished = dataset && plan.reuse ? finishedRuns(store, dataset.id) : new Map<string, { id: string; name: string }>()
  const times = dataset && knownTimes(store, dataset, threads)
  const shapes = new Map<string, boolean>()
  const staged: Staged[] = []
  let slots = 0
  const costed: Costed[] = []
  // Read from the labels once for each number of them.
  const known = new Map<number, string[]>()
  const labelNotes = (config: Config): string[] => {
    const { kind, labelled } = config.fineTuning
    if (!dataset || kind !== 'classification') return []
    const notes =
      known.get(labelled) ??
      plan.seeds
        .slice(0, seedsTried)
        .flatMap((seed) => ofLabels(home, dataset, config, seed))
        .slice(0, 1)
    known.set(labelled, notes)
    return notes
  }
  const cells = expanded.map(
    ({ cell, resolved: { config, problems: settingProblems, warnings: said, parameters } }): PlannedCell => {
      const warnings = config === null ? said : [...said, ...labelNotes(config)]
      const base = { ...cell, config, problems: settingProblems, warnings, parameters }
      if (!dataset || !times || !config)
        return {
          ...base,
          memory: null,
          processMemory: null,
          steps: 0,
          epochs: 0,
          seconds: null,
          expected: null,
          bytes: null,
          reuse: [],
        }
      const stages = plannedStages(cell.variant, config, dataset),
        last = stages.at(-1)
      staged.push({ cell: base, stages })
      const reuse = plan.seeds.flatMap((seed) => {
        const same = finished.get(identityOf(cell.variant, seed, config))
        return same ? [{ seed, run: same.id, name: same.name }] : []
      })
      const seconds = times.seconds(cell.variant, config, stages)
      slots = Math.max(slots, slotBytesOf(config, parameters ?? 0) + mapBytesOf(config, dataset))
      if (reuse.length < plan.seeds.length) shapes.set(times.keyOf(cell.variant, config), seconds !== null)
      const memory = memoryOf(variantOf(cell.variant), config, dataset, parameters ?? 0),
        processMemory = times.timing(cell.variant, config, stages)?.memory ?? null,
        expected = times.expected(cell.variant, config, stages)
      if (reuse.length < plan.seeds.length)
        costed.push({ title: cell.title, config, parameters, memory: processMemory ?? memory + processBytes, expected })
      return {
        ...base,
        memory,
        processMemory,
        expected,
        steps: last ? last.startStep + last.steps : 0,
        epochs: last ? last.startEpoch + last.epochs : 0,
        seconds,
        bytes: bytesOf(cell.variant, config, dataset, stages, parameters ?? 0, copies),
        reuse,
      }
    },
  )
  const totals = totalsOf(plan, cells, trainers)
  return {
    ...totals,
    cells,
    problems,
    warnings: [
      ...(dataset ? warningsAbout(dataset) : []),
      ...warnings,
      ...fewStepsWarnings(staged),
      ...(dataset ? sizeWarnings(costed, machineMemory(), dataset.kind === 'image' ? dataset : undefined) : []),
      ...cellWarnings(cells),
      ...roomWarnings(home, totals, trainers * slots),
    ],
    fromData: [...new Set(expanded.flatMap(({ resolved }) => resolved.fromData))],
    measured: { known: [...shapes.values()].filter(Boolean).length, total: shapes.size },
    baseline,
  }
}

function totalsOf({ seeds }: Plan, cells: readonly PlannedCell[], trainers: number) {
  const runs = cells.length * seeds.length
  const trained = seeds.flatMap((seed) => cells.filter(({ reuse }) => !reuse.some((same) => same.seed === seed)))
  const seconds = trained.map((cell) => cell.seconds),
    bytes = trained.map((cell) => cell.bytes),
    memory = trained.map((cell) => cell.memory),
    processes = trained.map((cell) => cell.processMemory)
  const atOnce = (values: (number | null)[]): number | null =>
    isKnown(values)
      ? values
          .toSorted((a, b) => b - a)
          .slice(0, trainers)
          .reduce((sum, each) => sum + each, 0)
      : null
  return {
    runs,
    reused: runs - trained.length,
    seconds: isKnown(seconds) ? scheduled(seconds, trainers) : null,
    expected: together(
      trained.map(({ expected }) => expected),
      trainers,
    ),
    bytes: isKnown(bytes) ? bytes.reduce((sum, each) => sum + each, 0) : null,
    memory: atOnce(memory),
    processMemory: atOnce(processes),
  }
}

/** Of all runs with so many trainers; known only as well as the least known of them. */
function together(times: readonly (ExpectedTime | null)[], trainers: number): ExpectedTime | null {
  const known = times.filter((time) => time !== null)
  if (known.length < times.length || known.length === 0) return null
  const from = (['usual', 'model', 'measured'] as const).find((each) => known.some((time) => time.from === each))!
  return {
    seconds: scheduled(
      known.map(({ seconds }) => seconds),
      trainers,
    ),
    from,
  }
}

const isKnown = (values: readonly (number | null)[]): values is number[] => values.every((value) => value !== null)

const unknownDataset = (name: string): ErrorInfo => ({
  code: 'DATASET_UNKNOWN',
  field: 'dataset',
  message: `There is no dataset “${name}”; choose one that is there, or import it first.`,
})

function warningsAbout({ name, duplicates, movedToOneSide, count }: Dataset): string[] {
  if (duplicates === 0) return []
  const moved = movedToOneSide === 0 ? '' : ` ${movedToOneSide} of them were moved so that none is on both sides of the test split.`
  return [
    `${thousands(duplicates)} of the ${thousands(count)} images of “${name}” are identical ` +
      `to another one.${moved} They count several times, and neighbours among them are no achievement.`,
  ]
}

/** What is to be said of cells, each sentence once, with the cells that it is about. */
function cellWarnings(cells: readonly PlannedCell[]): string[] {
  const about = new Map<string, string[]>()
  for (const { title, warnings } of cells)
    for (const warning of warnings) about.set(warning, [...(about.get(warning) ?? []), title])
  return [...about].map(([warning, titles]) =>
    titles.length === cells.length
      ? warning
      : `${titles.slice(0, 2).join('; ')}${titles.length > 2 ? ` and ${titles.length - 2} more` : ''}: ${warning}`,
  )
}

/** @param slots bytes that the runs which train at once need beside what they keep */
function roomWarnings(
  home: Home,
  { bytes: kept, memory, processMemory }: { bytes: number | null; memory: number | null; processMemory: number | null },
  slots: number,
): string[] {
  const bytes = kept === null || kept === 0 ? kept : kept + slots
  const needed = processMemory ?? memory
  const free = freeBytesOf(home.folder)
  return [
    ...(bytes !== null && free !== null && bytes > free
      ? [`The runs will take about ${size(bytes)} of disk, and ${size(free)} are free; make room or plan fewer.`]
      : []),
    ...(needed !== null && needed > 0.7 * machineMemory()
      ? [
          `${processMemory === null ? 'The networks' : 'The processes'} that train at once take about ${size(needed)} ` +
            `of memory, and this machine has ${size(machineMemory())}; use fewer trainers or smaller networks.`,
        ]
      : []),
  ]
}
