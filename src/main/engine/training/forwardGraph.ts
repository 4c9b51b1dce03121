import type { Network } from '../network/network.ts'
import { logLikelihoodOf } from '../network/probability.ts'
import { codeSizeOf } from '../network/weights.ts'
import { bool, type } from '../trace/native.ts'
import type { Recording } from '../trace/record.ts'
import { trace, type Given } from '../trace/recorder.ts'
import type { Tensor, Tensor2D } from '../trace/tensorflow.ts'
import { likelihoodOf } from '../variants/variant.ts'
import { filled, float, prefixed, type ModelGraph } from './modelGraph.ts'
import { networkOf } from './objective.ts'

/**
 * Encoder and autoencoder on any number of rows: `x` in; `code`, the heads beside it, `reconstruction` or `probabilities`, and of
 * each layer `layerN/kernel`, `layerN/pre`, `layerN/output` out. Returns the record of it.
 */
export function addForward(model: ModelGraph): Recording {
  const { graph } = model
  const forward = recordForward(model)
  const x = graph.input('x', 'float32', [-1, model.rowSize])
  const results = graph.inline('forward', forward, { x, ...model.networkReads('forward') })
  for (const [name, result] of Object.entries(results)) graph.node(name, 'Identity', [result], float)
  addLikelihood(model, x)
  return forward
}

/** log p(x|z) of given codes, for probabilistic variants. */
function addLikelihood(model: ModelGraph, x: string): void {
  const { graph, spec } = model
  const { variant, config } = spec
  const likelihood = likelihoodOf(variant, config)
  if (!likelihood) return
  const size = codeSizeOf(config.network, model.spec.input)
  const recording = recordAnyBatch(
    model,
    (batch) => [
      { name: 'x', tensor: filled([batch, model.rowSize]) },
      { name: 'z', tensor: filled([batch, size]) },
    ],
    (network, named) => ({ logLikelihood: logLikelihoodOf(likelihood, network, named('x') as Tensor2D, named('z') as Tensor2D) }),
  )
  const z = graph.input('z', 'float32', [-1, size])
  const { logLikelihood } = graph.inline('likelihood', recording, { x, z, ...model.networkReads('likelihood') })
  graph.node('logLikelihood', 'Identity', [logLikelihood!], float)
}

/** The sum of the codes of a batch of any size, for means over the training split. */
export function addCodeSum(model: ModelGraph, forward: Recording): void {
  const { graph } = model
  const { code } = graph.inline('codes', forward, { x: 'scaled', ...model.networkReads('codes') })
  const axis = graph.constant('codes/axis', 'int32', [1], new Uint8Array(new Int32Array([0]).buffer))
  graph.node('codeSum', 'Sum', [code!, axis], { ...float, Tidx: type('int32'), keep_dims: bool(false) })
}

/** The forward pass, with what happens in each layer and what the heads beside the code give. */
const recordForward = (model: ModelGraph): Recording =>
  recordAnyBatch(
    model,
    (batch) => [{ name: 'x', tensor: filled([batch, model.rowSize]) }],
    (network, named) => {
      const x = named('x') as Tensor2D
      const layers = network.encodeLayers(x)
      const code = network.codeOf(layers)
      const passes = layers.map(({ kernel, pre, output }, index) => prefixed(`layer${index}`, { kernel, pre, output }))
      const result: Record<string, Tensor> = model.classifies
        ? { probabilities: network.classify(code) }
        : { reconstruction: network.output(network.decode(code)) }
      return { code, ...network.boundedHeads(layers, x), ...result, ...(Object.assign({}, ...passes) as Record<string, Tensor>) }
    },
  )

/** Records something at two batch sizes: nothing in it may depend on the size. */
export function recordAnyBatch(
  model: ModelGraph,
  inputs: (batch: number) => Given[],
  compute: (network: Network, named: (name: string) => Tensor) => Record<string, Tensor>,
): Recording {
  const { variant, config, input } = model.spec
  const [recording, other] = [2, 3].map(
    (batch) =>
      trace(inputs(batch), model.givenNetwork(), (named) =>
        compute(networkOf(variant, config, input, model.namedNetwork(named)), named),
      ).recording,
  )
  const frozen = ({ constants, operations }: Recording) =>
    JSON.stringify([constants.map(({ data }) => [...data]), operations.map(({ op, attributes }) => [op, attributes])])
  if (frozen(recording!) !== frozen(other!))
    throw new Error(`the encoder of ${variant.id} computes something that depends on the batch size`)
  return recording!
}
