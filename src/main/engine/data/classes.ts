import type { DatasetNote } from '../../../shared/domain.ts'
import { counted, thousands } from '../../../shared/words.ts'
import { listed } from './layout/structure.ts'
import { testPart, trainPart, validationPart, type Packed } from './request.ts'

const images = (count: number): string => counted(count, 'image')

/**
 * The classes of a dataset whose source brings parts are those of which there is an image for training: others can be neither learned nor
 * told from these, so that their images are kept without a label (-1), and it is said.
 * @returns with how many images of each part that were (`untrained`)
 */
export function classesOfTraining<R extends Pick<Packed, 'classes' | 'labels' | 'parts'>>(
  rows: R,
): R & { notes: DatasetNote[]; untrained: readonly number[] } {
  const { classes, labels, parts } = rows
  const untrained = [0, 0, 0]
  if (labels === null || parts === null) return { ...rows, notes: [], untrained }
  const trained = new Uint8Array(classes.length),
    lost = new Uint8Array(classes.length)
  let labelledTraining = 0,
    unlabelled = 0
  for (let row = 0; row < labels.length; row++) {
    if (labels[row]! < 0 || parts[row] !== trainPart) continue
    trained[labels[row]!] = 1
    labelledTraining++
  }
  for (const [row, label] of labels.entries()) {
    if (label < 0 || trained[label]) continue
    lost[label] = 1
    unlabelled++
    untrained[parts[row]!]!++
  }
  if (unlabelled === 0) return { ...rows, notes: [], untrained }
  const names = listed(classes.filter((_, label) => lost[label]))
  if (labelledTraining === 0) {
    const message = `The images for training have no labels, so those of the other parts (${names}) are not used.`
    return { ...rows, classes: [], labels: null, notes: [{ code: 'unlabelledTraining', message }], untrained }
  }
  const message =
    `${images(unlabelled)} of classes that no image for training has ` +
    `(${names}) ${unlabelled === 1 ? 'is' : 'are'} kept without a label.`
  const places = Int32Array.from(trained, () => -1)
  const kept = classes.filter((_, label) => trained[label])
  for (let label = 0, place = 0; label < classes.length; label++) if (trained[label]) places[label] = place++
  return {
    ...rows,
    classes: kept,
    labels: labels.map((label) => (label < 0 ? -1 : places[label]!)),
    notes: [{ code: 'untrainedClasses', message }],
    untrained,
  }
}

/** Classes that a part lacks although it has labels: groups cannot be divided, so that a drawn split may leave a class out. */
export function classesLacking(rows: Pick<Packed, 'classes' | 'labels' | 'groups'>, parts: Uint8Array): DatasetNote[] {
  const { classes, labels, groups } = rows
  if (labels === null || !groups || classes.length < 2) return []
  return (
    [
      [trainPart, 'training'],
      [validationPart, 'validation'],
      [testPart, 'testing'],
    ] as const
  ).flatMap(([part, title]) => {
    const has = new Uint8Array(classes.length)
    if (!parts.includes(part)) return []
    for (let row = 0; row < labels.length; row++) if (parts[row] === part && labels[row]! >= 0) has[labels[row]!] = 1
    const lacking = classes.filter((_, label) => !has[label])
    if (lacking.length === 0 || lacking.length === classes.length) return []
    const which = `${lacking.length === 1 ? 'the class' : 'the classes'} ${listed(lacking)}`
    return [{ code: 'classesLacking', message: `No image for ${title} is of ${which}.` }]
  })
}

/**
 * What about classes may be a mistake, whatever the source.
 * @param rows with the part of each once the split is decided; null where that cannot be
 * @param untrained images of each part whose label was taken away, which was said (see classesOfTraining)
 * @param first for every row the first one that is identical (see duplicates.ts); null where copies are no mistake
 */
export function doubtsOfClasses(
  { classes, labels, parts, untrained = [] }: Pick<Packed, 'classes' | 'labels' | 'parts'> & { untrained?: readonly number[] },
  first: Uint32Array | null,
): DatasetNote[] {
  if (labels === null) return []
  const notes: DatasetNote[] = []
  const note = (code: string, message: string) => notes.push({ code, message })
  if (classes.length === 1) note('singleClass', `All labels are of one class, ${listed(classes)}: there is nothing to tell apart.`)
  const alike = [...Map.groupBy(classes, (name) => name.toLowerCase()).values()].filter((names) => names.length > 1)
  if (alike.length > 0)
    note(
      'classesDifferInCase',
      'Classes that differ in the case of letters only are kept ' +
        `apart: ${alike
          .slice(0, 5)
          .map((names) => listed(names))
          .join('; ')}.`,
    )
  const unlabelled = [0, 0, 0],
    all = [0, 0, 0],
    labelOf = new Int32Array(first?.length ?? 0).fill(-1),
    torn = new Set<number>()
  for (let row = 0; row < labels.length; row++) {
    const part = parts?.[row] ?? trainPart,
      label = labels[row]!
    all[part]!++
    if (label < 0) {
      unlabelled[part]!++
      continue
    }
    if (first === null) continue
    // The first label of a group of copies stands for it.
    const of = first[row]!,
      other = labelOf[of]!
    if (other < 0) labelOf[of] = label
    else if (other !== label) torn.add(of)
  }
  const missing = ['training', 'validation', 'testing'].flatMap((title, part) => {
    const without = unlabelled[part]! - (untrained[part] ?? 0),
      of = `${images(all[part]!)} for ${title}`
    if (without === 0) return []
    if (without === all[part]) return [`none of the ${of} has one`]
    return [`${thousands(without)} of the ${of} ${without === 1 ? 'has' : 'have'} none`]
  })
  if (missing.length > 0) note('withoutLabels', `Of the labels: ${missing.join('; ')}.`)
  if (torn.size > 0) {
    note(
      'sameUnderTwoLabels',
      `${torn.size === 1 ? 'One picture appears' : `${thousands(torn.size)} pictures appear`} under two ` +
        `labels, and ${torn.size === 1 ? 'is' : 'are'} kept under both.`,
    )
  }
  return notes
}
