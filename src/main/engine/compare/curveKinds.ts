import type { Comparison } from '../../../shared/comparison.ts'
import type { Run } from '../../../shared/domain.ts'
import { basisOf, cleanKey } from './basis.ts'
import type { RunGroup } from './groups.ts'
import { listed, namesOf } from './notes.ts'

type Curves = Comparison['curves']
type Kind = Curves['series'][number]['kinds'][number]

const loss = 'validation/loss'

/** Kinds of loss that are named in a sentence. */
const mostNamed = 5

/**
 * Of each series the groups that may share a chart, since they are measured on the same; which series are shown where nobody
 * chose; and what is to be said about that.
 */
export function curvesOf(groups: readonly RunGroup[], keys: readonly string[]): Curves {
  const series = keys.map((key) => ({ key, kinds: kindsOf(groups, key) }))
  const kindsBy = new Map(series.map(({ key, kinds }) => [key, kinds]))
  const usual = usualOf(keys, kindsBy)
  return { series, usual, notes: [...lossNote(kindsBy.get(loss) ?? [], groups), ...missingNotes(groups, keys)] }
}

function kindsOf(groups: readonly RunGroup[], key: string): Kind[] {
  const kinds = new Map<string, Kind>()
  groups.forEach((group, index) => {
    if (!group.runs.some(({ latest }) => Object.hasOwn(latest, key))) return
    // Runs of a group differ in their seed only.
    const { id, words, unit } = basisOf(group.runs[0]!, key)
    const known = kinds.get(id)
    if (known) known.groups.push(index)
    else kinds.set(id, { words, unit, groups: [index] })
  })
  const found = [...kinds.values()]
  // The same words for two: they differ in the strength of something, for which their names stand.
  const counts = Map.groupBy(found, ({ words }) => words)
  return found.map((kind) =>
    counts.get(kind.words)!.length === 1
      ? kind
      : { ...kind, words: `${kind.words}${kind.words === '' ? '' : ', '}of ${titlesOf(kind, groups)}` },
  )
}

/** Names that a person gave stand in quotation marks. */
const titlesOf = (kind: Kind, groups: readonly RunGroup[]): string =>
  listed(kind.groups.map((index) => (groups[index]!.named ? `“${groups[index]!.title}”` : groups[index]!.title)))

/** The clean error first. Beside it the loss where all have the same; without the former the losses, as ever. */
function usualOf(keys: readonly string[], kinds: ReadonlyMap<string, readonly Kind[]>): string[] {
  const one = (key: string): boolean => kinds.get(key)?.length === 1
  const wanted = keys.includes(cleanKey)
    ? [cleanKey, ...(one(loss) ? [loss] : [])]
    : [loss, ...(keys.includes('validation/reconstruction') && !one(loss) ? ['validation/reconstruction'] : ['train/loss'])]
  const found = wanted.filter((key) => keys.includes(key))
  return found.length > 0 ? found : keys.slice(0, 1)
}

/** What each one's loss is measured on, where that is not the same for all. */
function lossNote(kinds: readonly Kind[], groups: readonly RunGroup[]): string[] {
  if (kinds.length < 2) return []
  const said = kinds.slice(0, mostNamed).map((kind) => {
    const { words } = basisOf(groups[kind.groups[0]!]!.runs[0]!, loss)
    return `${titlesOf(kind, groups)} ${words} (${kind.unit})`
  })
  const more = kinds.length > mostNamed ? `; and ${kinds.length - mostNamed} more` : ''
  const each = `${said.join('; ')}${more}`
  return [`Their losses are not measured alike, so each kind has a chart of its own and none is ranked with another: ${each}.`]
}

/** Who has no clean error, and why. */
function missingNotes(groups: readonly RunGroup[], keys: readonly string[]): string[] {
  const begun = groups.flatMap((group) => group.runs).filter(({ latest }) => Object.keys(latest).length > 0)
  const runs = begun.filter(({ latest }) => !Object.hasOwn(latest, cleanKey))
  const classifying = runs.filter(({ config }) => config.fineTuning.kind === 'classification')
  const others = runs.filter((run) => !classifying.includes(run) && Object.hasOwn(run.latest, loss))
  const notes: string[] = []
  /** With words for one run, or for several. */
  const lack = (some: readonly Run[], one: string, several: string): string =>
    `${listed(namesOf(some))} ${some.length === 1 ? 'has' : 'have'} no clean squared error: ${some.length === 1 ? one : several}`
  if (classifying.length > 0 && keys.includes(cleanKey)) {
    notes.push(
      lack(classifying, 'it tells classes apart and reconstructs nothing.', 'they tell classes apart and reconstruct nothing.'),
    )
  }
  if (others.length > 0) {
    const instead = keys.includes(cleanKey) ? '' : '; what is shown instead is the loss of each'
    const why = `trained by an earlier version, which did not measure it${instead}.`
    notes.push(lack(others, `it was ${why}`, `they were ${why}`))
  }
  return notes
}

/** Titles of series in sentences and reports. */
export const curveTitles: Record<string, string> = {
  [cleanKey]: 'Clean squared error, validation',
  [loss]: 'Validation loss',
  'train/loss': 'Training loss',
}
