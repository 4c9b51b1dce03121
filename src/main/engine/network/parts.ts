import type { Config } from '../../../shared/config.ts'
import type { Tensor, Tensor2D } from '../trace/tensorflow.ts'
import type { Network } from './network.ts'

/** What a trained network can be asked to do, as functions of one float32 matrix; result names are those of exported files. */
export const networkParts = {
  /** Of a probabilistic network also mean (which is the code) and log variance. */
  encoder(network: Network, x: Tensor2D): Record<string, Tensor> {
    const layers = network.encodeLayers(x)
    const code = network.codeOf(layers)
    const heads = network.boundedHeads(layers, x)
    return Object.keys(heads).length === 0 ? { code } : { code, mean: code, ...heads }
  },
  decoder: (network: Network, code: Tensor2D): Record<string, Tensor> => ({ reconstruction: network.output(network.decode(code)) }),
  classifier: (network: Network, x: Tensor2D): Record<string, Tensor> => ({ probabilities: network.classify(network.encode(x)) }),
  autoencoder: (network: Network, x: Tensor2D): Record<string, Tensor> => ({
    reconstruction: network.output(network.decode(network.encode(x))),
  }),
}
export type NetworkPart = keyof typeof networkParts

/** What a run with this config has: a network that was fine-tuned for classification has no decoder. */
export const partsOf = ({ fineTuning }: Pick<Config, 'fineTuning'>): NetworkPart[] =>
  fineTuning.kind === 'classification' ? ['encoder', 'classifier'] : ['encoder', 'decoder', 'autoencoder']
