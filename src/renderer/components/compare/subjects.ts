import type { Comparison } from '../../../shared/comparison.ts'
import { runDash, runVariable } from '../../colours.ts'

/** What a row of the table, a line of a chart and a row of pictures is of: one run, or the seeds of one setting. */
export interface Subject {
  id: string
  title: string
  variant: string
  /** Index into the palette: seeds of a setting share it. */
  colour: number
  /** Ids of its runs, the one that stands for it first. */
  runs: readonly string[]
  seeds: readonly number[]
  /** Of how many of them there are figures. */
  measured: number
}

/** One for each group, or for each run in the order of the comparison. */
export function subjectsOf({ groups, runs }: Pick<Comparison, 'groups' | 'runs'>, by: 'group' | 'run'): Subject[] {
  if (by === 'group') {
    return groups.map(({ id, title, variant, colour, counted, runs: members, seeds }) => ({
      id,
      title,
      variant,
      colour,
      runs: [...new Set([...counted.map(({ run }) => run), ...members])],
      seeds,
      measured: counted.length,
    }))
  }
  const colours = new Map(groups.flatMap(({ runs: members, colour }) => members.map((run) => [run, colour] as const)))
  return runs.map(({ id, name, variant, colour, seed, evaluation }) => ({
    id,
    title: name,
    variant,
    colour: colours.get(id) ?? colour,
    runs: [id],
    seeds: [seed],
    measured: evaluation === null ? 0 : 1,
  }))
}

export const colourOf = (subject: Pick<Subject, 'colour'>): string => runVariable(subject.colour)
export const dashOf = (subject: Pick<Subject, 'colour'>): number[] => runDash(subject.colour)
