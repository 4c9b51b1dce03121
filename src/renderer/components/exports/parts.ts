import type { Export } from '../../../shared/domain.ts'

/** The parts of a network that can be taken away, and what each is for. */
export const partTexts = {
  encoder: { title: 'Encoder', hint: 'Images in, codes out.' },
  decoder: { title: 'Decoder', hint: 'Codes in, reconstructions out.' },
  autoencoder: { title: 'Autoencoder', hint: 'Images in, codes and reconstructions out.' },
} as const
export type OfferedPart = keyof typeof partTexts
export const offeredParts = Object.keys(partTexts) as OfferedPart[]

export const partTitle = (part: Export['part']): string => (part in partTexts ? partTexts[part as OfferedPart].title : 'Classifier')

/** `uint8 [N, 28, 28, 1]` */
export const tensorText = (tensor: Export['inputs'][number]): string => `${tensor.type} [${tensor.shape.join(', ')}]`
