import { partOfWord } from '../layout/words.ts'
import { testPart } from '../request.ts'

/** What the names of arrays, and of files of arrays, say: `x_train`, `train_images`, `digits-test-labels`, `valY`. */
export interface Naming {
  /** What is left of the name: which of several sets it belongs to; empty where the words say all. */
  set: string
  part: number | null
  role: 'images' | 'labels' | 'classNames' | null
  /** Among names that say the same, the least comes first. */
  rank: number
}

/** The files of MNIST call their test part after its ten thousand images. */
const partOf = (word: string): number | null => (word === 't10k' ? testPart : partOfWord(word))
/** The surest first. */
const imageWords = ['x', 'images', 'image', 'imgs', 'img', 'pixels', 'data', 'inputs', 'input', 'samples', 'features']
const labelWords = ['y', 'labels', 'label', 'targets', 'target', 'lbls', 'lbl', 'class', 'cls', 'classes']
const nameWords = ['names', 'classnames', 'labelnames']

/** Words that say nothing, as in `train_set_x`. */
const fillers = ['set', 'dataset']

const isWord = (word: string): boolean => partOf(word) !== null || imageWords.includes(word) || labelWords.includes(word)

/** `xtrain` and `testlabels` are two words. */
function splitWord(word: string): string[] {
  if (isWord(word) || nameWords.includes(word)) return [word]
  for (let at = 1; at < word.length; at++) {
    const pair = [word.slice(0, at), word.slice(at)]
    if (pair.every(isWord) && pair.filter((part) => partOf(part) !== null).length === 1) return pair
  }
  return [word]
}

/** @param name without an ending */
export function readName(name: string): Naming {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .flatMap(splitWord)
  const found: Naming = { set: '', part: null, role: null, rank: 0 }
  const automatic = /^arr_(\d+)$/.exec(name)
  if (automatic) return automatic[1] === '0' ? { ...found, role: 'images' } : { ...found, set: name }
  const rest: string[] = []
  for (const word of words) {
    const part = partOf(word),
      image = imageWords.indexOf(word),
      label = labelWords.indexOf(word)
    if (part !== null && found.part === null) found.part = part
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
