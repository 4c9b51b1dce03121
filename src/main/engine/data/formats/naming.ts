import { testPart, trainPart, validationPart } from '../request.ts'

/** What the names of arrays, and of files of arrays, say: `x_train`, `train_images`, `digits-test-labels`, `valY`. */
export interface Naming {
  /** What is left of the name: which of several sets it belongs to; empty where the words say all. */
  set: string
  part: number | null
  role: 'images' | 'labels' | 'classNames' | null
  /** Among names that say the same, the least comes first. */
  rank: number
}

const partWords = new Map(Object.entries({
  train: trainPart, training: trainPart, val: validationPart, valid: validationPart, validation: validationPart, dev: validationPart,
  test: testPart, testing: testPart, eval: testPart, t10k: testPart,
}))
/** The surest first. */
const imageWords = ['x', 'images', 'image', 'imgs', 'img', 'pixels', 'data', 'inputs', 'input', 'samples', 'features']
const labelWords = ['y', 'labels', 'label', 'targets', 'target', 'lbls', 'lbl', 'class', 'cls', 'classes']
const nameWords = ['names', 'classnames', 'labelnames']

/** Words that say nothing, as in `train_set_x`. */
const fillers = ['set', 'dataset']

const isWord = (word: string): boolean => partWords.has(word) || imageWords.includes(word) || labelWords.includes(word)

/** `xtrain` and `testlabels` are two words. */
function splitWord(word: string): string[] {
  if (isWord(word) || nameWords.includes(word)) return [word]
  for (let at = 1; at < word.length; at++) {
    const pair = [word.slice(0, at), word.slice(at)]
    if (pair.every(isWord) && pair.filter((part) => partWords.has(part)).length === 1) return pair
  }
  return [word]
}

/** @param name without an ending */
export function readName(name: string): Naming {
  const words = name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase().split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '')
    .flatMap(splitWord)
  const found: Naming = { set: '', part: null, role: null, rank: 0 }
  const automatic = /^arr_(\d+)$/.exec(name)
  if (automatic) return automatic[1] === '0' ? { ...found, role: 'images' } : { ...found, set: name }
  const rest: string[] = []
  for (const word of words) {
    const part = partWords.get(word), image = imageWords.indexOf(word), label = labelWords.indexOf(word)
    if (part !== undefined && found.part === null) found.part = part
    else if (nameWords.includes(word)) found.role = 'classNames'
    else if (image >= 0 && found.role === null) Object.assign(found, { role: 'images', rank: image })
    // "train_labels_images" would be odd; "class_names" are names, and "image_labels" labels.
    else if (label >= 0 && found.role !== 'classNames') Object.assign(found, { role: 'labels', rank: label })
    else if (!fillers.includes(word)) rest.push(word)
  }
  // A name that says nothing but its part is that of images.
  if (found.role === null && found.part !== null && rest.length === 0) found.role = 'images'
  return { ...found, set: rest.join('-') }
}

/** Names in the order of how surely they say what they are. */
export const bySurety = (a: { naming: Naming }, b: { naming: Naming }): number => a.naming.rank - b.naming.rank
