import type { Evaluation, Run } from '../../../shared/domain.ts'
import type { Cell, Experiment } from '../../../shared/experiments.ts'
import { areConvolutions } from '../../../shared/convolutions.ts'
import { isObject } from '../../../shared/json.ts'
import { columnsOf, headOf, isOf, layersOfCell, partsOf } from '../../../shared/ownedKeys.ts'
import { textOf } from '../../../shared/settings/text.ts'
import { oneForAllSaid } from '../compare/oneForAll.ts'
import { settingsReader } from '../compare/settings.ts'
import { variantInfos } from '../variants/index.ts'
import { csvLine, csvText } from '../files/csv.ts'

/** Figures of an evaluation that are single numbers, by their names; those inside others with dots: `robustness.masking.0.1`. */
function figuresOf(evaluation: Evaluation): Map<string, number> {
  const found = new Map<string, number>()
  const collect = (value: unknown, name: string): void => {
    if (typeof value === 'number') found.set(name, value)
    else if (isObject(value)) for (const [key, inner] of Object.entries(value)) collect(inner, name === '' ? key : `${name}.${key}`)
  }
  const { collapse: _, version, seconds, ...figures } = evaluation
  collect({ evaluationVersion: version, evaluationSeconds: seconds, ...figures }, '')
  return found
}

const shown = (value: unknown): string => (!areConvolutions(value) && Array.isArray(value) ? value.join('-') : textOf(value))

/**
 * One row a run: what it is, the swept settings by their keys (with the variant where several have one of that name), and every
 * figure as it was measured, in full. A place whose run was removed is a row without figures.
 * @param said by id of a run, what is to be known of its likelihoods
 */
export function experimentCsv(
  experiment: Experiment,
  runs: readonly Run[],
  said: Readonly<Record<string, readonly string[]>> = {},
): string {
  const byId = new Map(runs.map((run) => [run.id, run]))
  const owner = (cell: Cell) => ({ variant: cell.variant, layers: layersOfCell(cell) })
  const swept = columnsOf(experiment.cells.map((cell) => ({ keys: Object.keys(cell.values), ...owner(cell) })))
  const settingsOf = settingsReader(variantInfos())
  /** A swept setting; nothing where the others leave it without a use. @param used settings with a use; null where no run tells */
  const valueAt = (cell: Cell, key: string, used: ReadonlyMap<string, unknown> | null): string => {
    const { plain } = partsOf(key)
    if (used !== null && !used.has(plain)) return ''
    return plain in cell.values && isOf(key, owner(cell)) ? shown(cell.values[plain]) : ''
  }
  const places = experiment.cells.flatMap((cell) =>
    cell.runs.map(({ seed, run }) => ({ cell, seed, run: run === null ? undefined : byId.get(run) })),
  )
  const figures = places.map(({ run }) => (run?.evaluation ? figuresOf(run.evaluation) : new Map<string, number>()))
  const names = [...new Set(figures.flatMap((each) => [...each.keys()]))]
  const notes = places.map(({ run }) => (run ? [...oneForAllSaid(run.evaluation), ...(said[run.id] ?? [])].join(' ') : ''))
  const noted = notes.some((note) => note !== '')
  const rows = places.map(({ cell, seed, run }, index) => {
    const used = run === undefined ? null : settingsOf(run)
    return [
      experiment.name,
      String(cell.index),
      cell.title,
      cell.variant,
      String(seed),
      run?.id ?? '',
      run?.state ?? 'removed',
      ...swept.map((key) => valueAt(cell, key, used)),
      ...(run
        ? [String(run.parameters), String(run.steps), String(run.seconds), run.evaluation?.checkpoint ?? '']
        : ['', '', '', '']),
      ...names.map((name) => (figures[index]!.has(name) ? String(figures[index]!.get(name)) : '')),
      ...(noted ? [notes[index]!] : []),
    ]
  })
  return [
    [
      'experiment',
      'cell',
      'title',
      'variant',
      'seed',
      'run',
      'state',
      ...swept.map(headOf),
      'parameters',
      'steps',
      'trainingSeconds',
      'checkpoint',
      ...names,
      ...(noted ? ['note'] : []),
    ],
    ...rows,
  ]
    .map((row) => csvLine(row.map(csvText)))
    .join('')
}
