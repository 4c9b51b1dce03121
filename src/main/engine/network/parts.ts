import type { Tensor, Tensor2D } from '../trace/tensorflow.ts'
import type { Network } from './network.ts'

/** What a trained network can be asked to do, as functions of one float32 matrix; result names are those of exported files. */
export const networkParts = {
  encoder: (network: Network, x: Tensor2D): Record<string, Tensor> => ({ code: network.encode(x) }),
  decoder: (network: Network, code: Tensor2D): Record<string, Tensor> => ({ reconstruction: network.output(network.decode(code)) }),
  autoencoder: (network: Network, x: Tensor2D): Record<string, Tensor> => ({ reconstruction: network.output(network.decode(network.encode(x))) }),
}
export type NetworkPart = keyof typeof networkParts
