import type { Export, Run } from '../../../shared/domain.ts'
import { bytes, figure } from '../../format.ts'
import { figures } from '../../state/figures.svelte.ts'

/** The parts of a network that can be taken away, and what each is for. */
export const partTexts = {
  encoder: { title: 'Encoder', hint: 'Images in, codes out.' },
  decoder: { title: 'Decoder', hint: 'Codes in, reconstructions out.' },
  autoencoder: { title: 'Autoencoder', hint: 'Images in, reconstructions out.' },
  classifier: { title: 'Classifier', hint: 'Images in, probabilities of the classes out.' },
} as const
export type Part = Export['part']

export const precisionTexts = {
  float32: { title: 'float32', hint: 'As the network was trained.' },
  float16: { title: 'float16', hint: 'Half the size; the loss of accuracy is measured.' },
  int8: { title: 'int8', hint: 'A quarter of the size; the loss of accuracy is measured.' },
} as const
export type Precision = Export['precision']

/** What a network has: one that was trained for classes has no decoder. */
export const partsOf = (run: Pick<Run, 'config'> | undefined): Part[] =>
  run?.config.fineTuning.kind === 'classification' ? ['encoder', 'classifier'] : ['encoder', 'decoder', 'autoencoder']

export const partTitle = (part: Part): string => partTexts[part].title

/** How far a file is from the trained network: `2.9e-6`, `3.1e-4`, `0.10`. */
export const differenceText = (value: number): string => (value > 0 && value < 0.01 ? value.toExponential(1) : figure(value, 2))

/** `uint8 [N, 28, 28, 1]` */
export const tensorText = (tensor: Export['inputs'][number]): string => `${tensor.type} [${tensor.shape.join(', ')}]`

/** What a smaller file costs, as lines of a list of facts. */
export function reductionTexts({ reduction }: Export): { name: string; text: string; title?: string }[] {
  if (reduction === null) return []
  const { float32Bytes, relativeDifference, figure: key, float32, reduced } = reduction
  return [
    { name: 'In float32', text: bytes(float32Bytes) },
    {
      name: 'Difference',
      text: `${(100 * relativeDifference).toPrecision(2)}% of the spread`,
      title:
        "Root mean square of the difference of the outputs from the float32 network's, over that of their own deviations from the mean",
    },
    ...(key === null
      ? []
      : [
          {
            name: figures.title(key),
            text: `${figures.text(key, reduced)}, in float32 ${figures.text(key, float32)}`,
            title: figures.hint(key),
          },
        ]),
  ]
}
