import type { Config, NetworkConfig } from '../../../../shared/config.ts'
import { inertSettings } from '../inert.ts'
import type { Problem, Variant } from '../variant.ts'

/** What of a network's settings cannot go together; empty where all can, or where what is wrong has no use in it anyway. */
export function networkProblems(config: Config, variant: Variant): Problem[] {
  const { network, pretraining, training } = config
  const inert = inertSettings(variant, config)
  const problem = (field: string, message: string): Problem[] => (inert.has(field) ? [] : [{ field, message }])
  const resizes = network.upsampling === 'resize' && network.convolutions.length > 0
  const normalises = network.normalisation === 'batch'
  const untie = 'set network.tied to false'
  return [
    ...(resizes && network.tied
      ? problem(
          'network.tied',
          'A decoder that enlarges maps and convolves them does not go back through the encoder’s own kernels; ' +
            `${untie}, or network.upsampling to transposed.`,
        )
      : []),
    ...(resizes && pretraining.kind !== 'none' && pretraining.tied
      ? problem(
          'network.upsampling',
          'Layers that are pretrained tied go back through the encoder’s own kernels, which a decoder that enlarges maps cannot; ' +
            'set pretraining.tied to false, or network.upsampling to transposed.',
        )
      : []),
    ...(normalises && network.tied
      ? problem(
          'network.tied',
          `Tied layers share kernels whose scales normalisation would make different; ${untie}, or network.normalisation to none.`,
        )
      : []),
    ...(normalises && network.weightNorm
      ? problem(
          'network.normalisation',
          'Layers that are normalised by their batch undo what dividing their filters by a norm does; ' +
            'turn network.weightNorm off, or set network.normalisation to none.',
        )
      : []),
    ...(normalises && pretraining.kind !== 'none'
      ? problem(
          'network.normalisation',
          'Layers that are pretrained by themselves are unrolled as they are, without normalisation; ' +
            'set network.normalisation to none, or pretraining.kind to none.',
        )
      : []),
    ...(normalises && training.batchSize === 1
      ? problem(
          'training.batchSize',
          'A batch of one image has no variance to be normalised by; set training.batchSize to at least 2, or ' +
            'network.normalisation to none.',
        )
      : []),
  ]
}

/** Pixels that a network leaves out, where its convolutions are farther apart than they are wide. */
export function skippedWarnings({ convolutions, upsampling }: NetworkConfig): string[] {
  const at = convolutions.findIndex(({ kernel, stride }) => stride > kernel)
  if (at < 0) return []
  const { kernel, stride } = convolutions[at]!
  const lost = upsampling === 'resize' ? 'never read' : 'neither read nor rebuilt from anything that was'
  return [
    `Convolution ${at + 1} reads ${kernel} x ${kernel} pixels at places that are ${stride} apart: those between are ${lost}; give it ` +
      `a kernel of at least ${stride}, or a stride of at most ${kernel}.`,
  ]
}
