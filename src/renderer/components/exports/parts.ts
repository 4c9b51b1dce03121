import type { Export, Run } from '../../../shared/domain.ts'

/** The parts of a network that can be taken away, and what each is for. */
export const partTexts = {
  encoder: { title: 'Encoder', hint: 'Images in, codes out.' },
  decoder: { title: 'Decoder', hint: 'Codes in, reconstructions out.' },
  autoencoder: { title: 'Autoencoder', hint: 'Images in, codes and reconstructions out.' },
  classifier: { title: 'Classifier', hint: 'Images in, probabilities of the classes out.' },
} as const
export type Part = Export['part']

/** What a network has: one that was trained for classes has no decoder. */
export const partsOf = (run: Pick<Run, 'config'> | undefined): Part[] =>
  (run?.config.fineTuning.kind === 'classification' ? ['encoder', 'classifier'] : ['encoder', 'decoder', 'autoencoder'])

export const partTitle = (part: Part): string => partTexts[part].title

/** `uint8 [N, 28, 28, 1]` */
export const tensorText = (tensor: Export['inputs'][number]): string => `${tensor.type} [${tensor.shape.join(', ')}]`
