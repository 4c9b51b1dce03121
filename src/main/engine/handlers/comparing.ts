import { setImmediate } from 'node:timers/promises'
import type { CallArguments } from '../../../shared/calls.ts'
import type { Comparison, CompareExport } from '../../../shared/comparison.ts'
import type { CompareLine } from '../../../shared/comparisonLines.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { Run } from '../../../shared/domain.ts'
import { compareRuns } from '../compare/comparison.ts'
import { csvOf } from '../compare/csv.ts'
import { dataNotes, likelihoodsSaid } from '../compare/dataNotes.ts'
import { groupRuns, type Cell } from '../compare/groups.ts'
import { latexOf } from '../compare/latex.ts'
import { lineOf, subjectOfGroup, subjectOfRun, termsOf, type Subject } from '../compare/lines.ts'
import { heatMapOf } from '../compare/plots/heatMap.ts'
import { parallelOf } from '../compare/plots/parallel.ts'
import { scatterOf } from '../compare/plots/scatter.ts'
import { plotOf } from '../compare/plots/subjects.ts'
import { seriesCache } from '../compare/seriesCache.ts'
import { textTables } from '../compare/textTables.ts'
import { datasetsKnown } from './datasetsKnown.ts'
import type { StoredExperiment } from '../store/experiments.ts'
import { variantInfos } from '../variants/index.ts'
import { reportOf } from './comparisonReport.ts'
import { writeText } from './comparisonFile.ts'
import { withMark } from '../files/csv.ts'
import type { Context, Handlers } from './context.ts'

/** A baseline that is an experiment's: one of its plan's variants, which may be several cells. */
const ofExperiment = 'experiment:'

/** What is shown of several runs at once. */
export function comparingHandlers(context: Context) {
  const { home, store, queue } = context
  const read = seriesCache((run, key) => store.points.series(run, [key], undefined)[0] ?? null)

  /** The runs that some references name, each once, in their order. */
  const runsOf = (references: readonly string[]): Run[] => [
    ...new Map(references.map((reference) => queue.view(store.runs.resolve(reference))).map((run) => [run.id, run])).values(),
  ]

  /**
   * What this experiment calls its runs, or else the experiments of these runs: the smallest that has all of them, or, where
   * none has, the one with most of them first.
   */
  const cellsOf = (runs: readonly Run[], asked: StoredExperiment | null = null): Cell[] => {
    const experiments = asked === null ? experimentsOf(runs) : [asked]
    return experiments.flatMap((experiment) => {
      const members = store.experiments.members(experiment.id)
      return experiment.cells.map(({ index, title, planned }) => ({
        title: experiments.length === 1 ? title : `${title} (${experiment.name})`,
        baseline: planned === experiment.baseline,
        runs: members.flatMap(({ cell, run }) => (cell === index && run !== null ? [run] : [])),
      }))
    })
  }

  function experimentsOf(runs: readonly Run[]): StoredExperiment[] {
    const counts = new Map<string, number>()
    for (const run of runs) for (const id of new Set(store.experiments.of(run.id))) counts.set(id, (counts.get(id) ?? 0) + 1)
    const known = [...counts].flatMap(([id, count]) => {
      const experiment = store.experiments.read(id)
      return experiment === null ? [] : [{ count, experiment }]
    })
    const size = ({ cells, plan }: StoredExperiment): number => cells.length * plan.seeds.length
    const whole = known
      .filter(({ count }) => count === runs.length)
      .map(({ experiment }) => experiment)
      .sort((a, b) => size(a) - size(b) || (a.createdAt < b.createdAt ? 1 : -1))
    return whole.length > 0 ? whole.slice(0, 1) : known.sort((a, b) => b.count - a.count).map(({ experiment }) => experiment)
  }

  const compared = ({
    runs: references,
    baseline,
    figure,
  }: Pick<CallArguments<'compare'>, 'runs' | 'baseline' | 'figure'>): Comparison => {
    const runs = runsOf(references)
    if (runs.length < 2)
      throw new WorkbenchError('CALL_INVALID', 'A comparison needs at least two different runs; name another one.', {
        field: 'runs',
      })
    // What was removed since is passed over, as groups are that are no longer there.
    const planned = baseline?.startsWith(ofExperiment) ? baseline.slice(ofExperiment.length) : null
    const experiment = planned === null ? null : store.experiments.read(planned)
    const comparison = compareRuns(runs, variantInfos(), {
      baseline: planned === null ? baselineIn(runs, baseline) : undefined,
      figure,
      cells: cellsOf(runs, experiment),
      validationBrought: (dataset) => (store.datasets.find(dataset)?.validationCount ?? 0) > 0,
    })
    const about = aboutOf()
    const likelihoods = runs.flatMap((run) => {
      const said = likelihoodsSaid(run, about(run.datasetId))
      return said.length === 0 ? [] : [[run.id, said] as const]
    })
    return {
      ...comparison,
      likelihoods: Object.fromEntries(likelihoods),
      notes: [...comparison.notes, ...dataNotes(runs, about)],
    }
  }

  const aboutOf = () => datasetsKnown(context)

  /** A group's id as it is; a run by any reference. */
  function baselineIn(runs: readonly Run[], reference: string | undefined): string | undefined {
    if (reference === undefined || reference.startsWith('group:')) return reference
    const { id, name } = store.runs.resolve(reference)
    if (runs.some((run) => run.id === id)) return id
    throw new WorkbenchError(
      'CALL_INVALID',
      `The run “${name}” is not among the compared ones, so it cannot be their baseline; add it to them, or name another.`,
      { field: 'baseline' },
    )
  }

  const subjectsOf = ({ runs: references, by }: Pick<CallArguments<'compare.series'>, 'runs' | 'by'>): Subject[] => {
    const runs = runsOf(references)
    return by === 'run' ? runs.map(subjectOfRun) : groupRuns(runs, variantInfos(), cellsOf(runs)).map(subjectOfGroup)
  }
  const plotted = ({ runs: references, by }: { runs: readonly string[]; by: 'run' | 'group' }) => {
    const runs = runsOf(references)
    return plotOf(runs, by, variantInfos(), cellsOf(runs))
  }

  const linesOf = async (input: CallArguments<'compare.series'>): Promise<CompareLine[]> => {
    const subjects = subjectsOf(input)
    const lines: CompareLine[] = []
    for (const key of new Set(input.keys)) {
      for (const subject of subjects) {
        const line = lineOf(subject, key, read, input)
        if (line !== null) lines.push(line)
        // A hundred long curves take a good part of a second: others are answered in between.
        await setImmediate()
      }
    }
    return lines
  }

  const written = async (
    input: CallArguments<'compare.export'>,
  ): Promise<Omit<CompareExport, 'bytes' | 'file'> & { text: string }> => {
    const comparison = compared(input)
    if (input.kind === 'report')
      return { name: 'comparison.html', type: 'text/html', text: await reportOf(context, comparison, linesOf) }
    const table = textTables[input.table](comparison)
    return input.kind === 'csv'
      ? { name: `${table.key}.csv`, type: 'text/csv', text: withMark(csvOf(table), input.bom) }
      : { name: `${table.key}.tex`, type: 'application/x-tex', text: latexOf(table) }
  }

  return {
    compare: (input) => ({ comparison: compared(input) }),
    'compare.series': async (input) => ({ lines: await linesOf(input) }),
    'compare.terms': async (input) => {
      const terms = new Map(variantInfos().map((variant) => [variant.id, variant.terms]))
      const stacks = []
      for (const subject of subjectsOf(input)) {
        const stack = termsOf(subject, input.split, terms.get(subject.variant) ?? [], read, input)
        if (stack !== null) stacks.push(stack)
        await setImmediate()
      }
      return { stacks }
    },
    'compare.parallel': (input) => ({ parallel: parallelOf(plotted(input), input.keys) }),
    'compare.scatter': (input) => ({ scatter: scatterOf(plotted(input), input.x, input.y) }),
    'compare.heatMap': (input) => ({ heatMap: heatMapOf(plotted({ ...input, by: 'group' }), input.x, input.y, input.figure) }),
    'compare.export': async (input) => {
      const exported = await written(input)
      const file = await writeText(home.folder, exported.text, input)
      return { export: { ...exported, bytes: Buffer.byteLength(exported.text), file, text: file === null ? exported.text : null } }
    },
  } satisfies Partial<Handlers>
}
