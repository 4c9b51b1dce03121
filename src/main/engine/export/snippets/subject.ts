import type { Dataset, Export } from '../../../../shared/domain.ts'

/** What a snippet is written for. */
export interface SnippetSubject extends Pick<Export, 'file' | 'part' | 'inputs' | 'outputs'> {
  /** What the network was trained on: how images were made, and the names of the classes. */
  dataset: Pick<Dataset, 'kind' | 'width' | 'height' | 'channels' | 'fit' | 'classes'>
}

/** Why a program sets what `quietLibraries` says, as its comment. */
export const whyQuiet = 'ONNX Runtime collects telemetry and sends it unless this is set before it is loaded.'

/** A string literal of Python or JavaScript. */
export const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`

/** What goes into the file: images as bytes or as rows of reals, codes, or rows of reals that are no images. */
function feedOf({ part, inputs, dataset }: SnippetSubject): 'bytes' | 'reals' | 'codes' | 'rows' {
  if (part === 'decoder') return 'codes'
  if (inputs[0]!.type === 'uint8') return 'bytes'
  return dataset.kind === 'image' ? 'reals' : 'rows'
}

/** The output that a reader wants first. */
const resultOf = ({ part }: SnippetSubject): string =>
  ({ encoder: 'code', decoder: 'reconstruction', autoencoder: 'reconstruction', classifier: 'probabilities' })[part]

/** What a program does with a file: what it feeds and gets, whether it reads images, and whether it saves some. */
export function taskOf(subject: SnippetSubject): {
  feed: ReturnType<typeof feedOf>
  result: string
  readsImages: boolean
  savesImages: boolean
} {
  const feed = feedOf(subject),
    result = resultOf(subject)
  return {
    feed,
    result,
    readsImages: feed === 'bytes' || feed === 'reals',
    savesImages: result === 'reconstruction' && subject.dataset.kind === 'image',
  }
}

/** Values of one row of the input, for codes and vectors. */
export const inputSize = ({ inputs }: SnippetSubject): number => Number(inputs[0]!.shape[1])
