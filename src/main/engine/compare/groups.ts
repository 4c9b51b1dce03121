import { createHash } from 'node:crypto'
import type { VariantInfo } from '../../../shared/config.ts'
import type { Group } from '../../../shared/comparison.ts'
import type { Run } from '../../../shared/domain.ts'
import { absent } from '../../../shared/quantities.ts'
import { choiceWords, inSentence } from '../../../shared/words.ts'
import { settingDifferences, settingsReader } from './settings.ts'

/** Whether a group has no figures because not one of its seeds was trained to the end. */
export const allDiverged = ({ runs }: Pick<RunGroup, 'runs'>): boolean => runs.every(({ state }) => state === 'diverged')

/** What an experiment knows of some runs: they are one cell of its plan, and whether that is what its others are compared with. */
export interface Cell {
  title: string
  runs: readonly string[]
  baseline: boolean
}

/** A group with its runs themselves. */
export interface RunGroup extends Omit<Group, 'runs' | 'counted' | 'missing'> {
  runs: Run[]
  /** One a seed, ascending seeds. */
  counted: Run[]
  missing: Run[]
  /** The first cell that all of its runs belong to, if there is one. */
  cell: Cell | null
  /** The place among the cells of the first that has one of its runs and that others are to be compared with; null: none. */
  planned: number | null
}

/**
 * Runs that have everything in common but the seed, in the order in which the first of each appears. Settings that have no
 * effect (`sigma` while the noise masks) do not set runs apart.
 */
export function groupRuns(runs: readonly Run[], variants: readonly VariantInfo[], cells: readonly Cell[] = []): RunGroup[] {
  const settingsOf = settingsReader(variants)
  const byConfig = new Map<string, Run[]>()
  const byIdentity = new Map<string, Run[]>()
  for (const run of runs) {
    // Most runs are stored with the very same text as the other seeds of their settings: what those come to is found once.
    const text = JSON.stringify([run.datasetId, run.variant, run.origin?.kind, run.origin?.run, run.config])
    let group = byConfig.get(text)
    if (group === undefined) {
      const identity = identityOf(run, settingsOf(run))
      group = byIdentity.get(identity)
      if (group === undefined) byIdentity.set(identity, (group = []))
      byConfig.set(text, group)
    }
    group.push(run)
  }
  const groups = [...byIdentity]
  const known = membership(cells)
  const cellsOf = groups.map(([, members]) => known(members))
  const titles = titlesOf(
    groups.map(([, members]) => members),
    cellsOf.map(({ cell }) => cell),
    variants,
  )
  return groups.map(([identity, members], index) => ({
    id: `group:${createHash('sha256').update(identity).digest('hex').slice(0, 16)}`,
    ...titles[index]!,
    variant: members[0]!.variant,
    colour: members[0]!.colour,
    runs: members,
    ...bySeed(members),
    ...cellsOf[index]!,
  }))
}

/** What the cells say of the runs of a group. Cells that come to the same settings may share their runs, or each have their own. */
function membership(cells: readonly Cell[]): (members: readonly Run[]) => Pick<RunGroup, 'cell' | 'planned'> {
  const places = new Map<string, number[]>()
  cells.forEach(({ runs }, place) => runs.forEach((run) => places.set(run, [...(places.get(run) ?? []), place])))
  return (members) => {
    const all = members.map(({ id }) => places.get(id) ?? [])
    const common = all[0]!.find((place) => all.every((of) => of.includes(place)))
    const baselines = all.flat().filter((place) => cells[place]!.baseline)
    return { cell: common === undefined ? null : cells[common]!, planned: baselines.length === 0 ? null : Math.min(...baselines) }
  }
}

/** As `groupRuns` gives it, as views get it. */
export const groupOf = ({ id, title, named, variant, colour, seeds, runs, counted, missing }: RunGroup): Group => ({
  id,
  title,
  named,
  variant,
  colour,
  seeds,
  runs: runs.map((run) => run.id),
  counted: counted.map((run) => ({ seed: run.seed, run: run.id })),
  missing: missing.map((run) => ({ seed: run.seed, run: run.id, state: run.state })),
})

function identityOf(run: Run, effective: ReadonlyMap<string, unknown>): string {
  const settings = [...effective].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  // What was cut out of a run is not what was trained from the start.
  return JSON.stringify([run.datasetId, run.variant, run.origin?.kind ?? null, run.origin?.run ?? null, settings])
}

/** Two runs of one seed are the same draw twice: one of them counts. */
function bySeed(runs: readonly Run[]): Pick<RunGroup, 'seeds' | 'counted' | 'missing'> {
  const newest = Math.max(...runs.map((run) => run.evaluation?.version ?? -1))
  const bySeeds = new Map<number, Run>()
  const rank = (run: Run): number => (run.evaluation === null ? -1 : run.evaluation.version)
  for (const run of runs) {
    const other = bySeeds.get(run.seed)
    if (other === undefined || rank(run) > rank(other) || (rank(run) === rank(other) && run.createdAt >= other.createdAt))
      bySeeds.set(run.seed, run)
  }
  const chosen = [...bySeeds.values()].sort((a, b) => a.seed - b.seed)
  const counts = (run: Run): boolean => run.evaluation !== null && run.evaluation.version === newest
  return { seeds: chosen.map(({ seed }) => seed), counted: chosen.filter(counts), missing: chosen.filter((run) => !counts(run)) }
}

/** Settings named in a title at most; what differs beyond is in the table of settings. */
const mostNamed = 3

function titlesOf(
  groups: readonly (readonly Run[])[],
  cells: readonly (Cell | null)[],
  variants: readonly VariantInfo[],
): { title: string; named: boolean }[] {
  const byVariant = new Map<string, number[]>()
  groups.forEach((group, index) => {
    const variantGroups = byVariant.get(group[0]!.variant)
    if (variantGroups === undefined) byVariant.set(group[0]!.variant, [index])
    else variantGroups.push(index)
  })
  const titles: { title: string; named: boolean }[] = []
  for (const [variant, indices] of byVariant) {
    const rows = settingDifferences(
      indices.map((index) => groups[index]![0]!),
      variants,
    ).filter(({ key }) => key !== 'seed')
    const title = variants.find(({ id }) => id === variant)?.title ?? variant
    indices.forEach((index, at) => {
      const group = groups[index]!
      const cell = cells[index]
      // A cell is called as its variant is, with what is swept, unless somebody gave it a name.
      if (cell) titles[index] = { title: cell.title, named: !cell.title.startsWith(title) }
      else if (group.length === 1) titles[index] = { title: group[0]!.name, named: true }
      else {
        // What a group has no value for says nothing of it; what it lacks another setting tells.
        const apart = named(rows)
          .filter(({ values }) => values[at] !== absent)
          .map(({ key, title: name, values }) => `${inSentence(name)} ${key === 'dataset' ? values[at] : choiceWords(values[at]!)}`)
        const origin = group[0]!.origin === null ? [] : [group[0]!.origin.kind]
        titles[index] = {
          title: [...apart, ...origin].length === 0 ? title : `${title} (${[...apart, ...origin].join('; ')})`,
          named: false,
        }
      }
    })
  }
  return unique(titles)
}

/** The first of what differs, the settings before the dataset: a title that is cut off still tells groups of one dataset apart. */
const named = <T extends { key: string }>(rows: readonly T[]): T[] => {
  const dataset = rows.filter(({ key }) => key === 'dataset')
  return [...rows.filter(({ key }) => key !== 'dataset').slice(0, mostNamed - dataset.length), ...dataset]
}

/** The second of a title is called `TITLE, 2`. */
function unique(titles: readonly { title: string; named: boolean }[]): { title: string; named: boolean }[] {
  const usedTitles = new Set<string>()
  return titles.map(({ title, named }) => {
    let free = title
    for (let number = 2; usedTitles.has(free); number++) free = `${title}, ${number}`
    usedTitles.add(free)
    return { title: free, named }
  })
}
