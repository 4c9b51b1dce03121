import { testPart, trainPart, validationPart } from '../request.ts'

/** Names of folders, and values of a table's column, that stand for a part, in any case. */
const words: ReadonlyMap<string, number> = new Map([
  ...['train', 'training'].map((word) => [word, trainPart] as const),
  ...['val', 'valid', 'validation', 'dev'].map((word) => [word, validationPart] as const),
  ...['test', 'testing', 'eval'].map((word) => [word, testPart] as const),
])
export const partNames = ['train', 'validation', 'test'] as const

/** The part that a word stands for; null for any other word. */
export const partOfWord = (word: string): number | null => words.get(word.trim().toLowerCase()) ?? null

/** Left by operating systems and archivers; never data. */
const junk = /^(__macosx|thumbs\.db|desktop\.ini|@eadir|\$recycle\.bin|system volume information|lost\+found)$/i
export const isJunk = (name: string): boolean => name.startsWith('.') || junk.test(name)

/**
 * Names of files that promise to be no image. They decide nothing but how a folder is understood: what is read as an image goes
 * by content.
 */
const others = new RegExp(
  String.raw`(^(readme|licen[cs]e|notice|copying|changelog|makefile)$)|\.(txt|md|rst|csv|tsv|jsonl?|xml|html?|pdf|ya?ml` +
    String.raw`|toml|ini|log|py|ipynb|m|sh|mat|npy|npz|pkl|pt|h5|hdf5|parquet|zip|tar|t?gz|bz2|7z|rar|docx?|xlsx?|odt|rtf|bib|sha256|md5)$`,
  'i',
)
export const looksLikeOther = (name: string): boolean => others.test(name)

/** Folders that are called after what all images are, and so name no class. */
const general =
  /^(images?|imgs?|image[_-]?files|photos?|pictures?|pics?|frames|jpegimages|jpe?gs?|pngs?|tiffs?|data|dataset|all|files|samples)$/i
export const isGeneral = (name: string): boolean => general.test(name)

const surelyMasks = /^(ground[_-]?truth|groundtruths?|gt|masks|trimaps?|segmentations?|segmentation[_-]?masks?|seg[_-]?masks?)$/i
const perhapsMasks = /^(mask|labels?|annotations?|seg|targets?|.+[_-]masks?)$/i
const besideMasks = new RegExp(
  String.raw`^(images?|imgs?|photos?|pictures?|jpegimages|jpe?gs?|rgb|raw|inputs?|originals?|frames|train(ing)?|test(ing)?` +
    String.raw`|val(id(ation)?)?|dev|eval)$`,
  'i',
)

/**
 * Whether a folder holds masks, by its name and those of its neighbours: `ground_truth` beside others does, `mask` only beside
 * `images` or a part (there are classes called so), and none where several are called after masks and nothing else is there.
 */
export function isMaskFolder(name: string, neighbours: readonly string[]): boolean {
  const surely = surelyMasks.test(name)
  if (!surely && !perhapsMasks.test(name)) return false
  const rest = neighbours.filter((other) => other !== name && !isJunk(other))
  return (
    rest.some((other) => besideMasks.test(other)) ||
    (surely && rest.some((other) => !surelyMasks.test(other) && !/mask/i.test(other)))
  )
}

/** Why masks are left out. */
export const maskReasons = { folder: 'a folder of masks, which are not images', file: 'the mask of an image beside it' }

const maskWord = '(?:masks?|gt|ground[_-]?truth|seg|segmentation|trimap)'
const maskAfter = new RegExp(`^(.+?)[_.\\- ]${maskWord}(?:[_-]?\\d+)?$`, 'i'),
  maskBefore = new RegExp(`^${maskWord}[_-](.+)$`, 'i')
/** The name, without its ending, of the image that a file is a mask of, by its own name; null for any other file. */
export function maskedStem(name: string): string | null {
  // Most names are told by this alone, which matters where there are very many.
  if (!/mask|gt|truth|seg|trimap/i.test(name)) return null
  const stem = stemOf(name)
  return (maskAfter.exec(stem) ?? maskBefore.exec(stem))?.[1] ?? null
}

/** A file's name without its ending. */
export function stemOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot > 0 ? name.slice(0, dot) : name
}
