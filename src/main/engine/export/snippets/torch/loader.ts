import type { ChannelStatistics, Config } from '../../../../../shared/config.ts'
import { sizeOf, type Shape } from '../../../../../shared/shape.ts'
import { WorkbenchError } from '../../../../../shared/errors.ts'
import type { Layer } from '../../../network/layer.ts'
import { classifierOf } from '../../../network/weights.ts'
import { layersOfVariant, type Variant } from '../../../variants/variant.ts'
import { quoted } from '../subject.ts'
import { clamped, codeClamped, gate, pieces } from './pieces.ts'
import { Definitions, Sequence } from './sequence.ts'

/** A trained network as its checkpoint describes it. */
export interface LoaderSubject {
  /** The checkpoint. */
  file: string
  variant: Variant
  /** With what inputs are standardised by. */
  config: Config
  inputShape: Shape
  /** Whether the inputs are images; else they are rows of values. */
  images: boolean
  /** Their number where the network classifies; else 0. */
  classes: number
}

/**
 * A Python module that makes a checkpoint an `nn.Module`: `encoder` (inputs -> codes) and `decoder` (codes -> reconstructions) by
 * themselves, of a network that classifies `classifier` (inputs -> probabilities) in the decoder's place; of probabilistic ones
 * also `log_variance` (of the codes) and `output_log_variance`.
 * @throws WorkbenchError EXPORT_UNSUPPORTED where a part of the network has no words of PyTorch
 */
export function torchLoader({ file, variant, config, inputShape, images, classes }: LoaderSubject): string {
  const { network, data, fineTuning } = config
  const layers = layersOfVariant(variant, config, inputShape)
  const definitions = new Definitions()
  const sequence = (name: string, modules: readonly string[] = []) => new Sequence(name, modules, definitions, network.weightNorm)
  const begin = ['nn.Flatten()']
  if (data.standardise !== 'none') {
    definitions.need(pieces.standardised)
    begin.push(standardising(data.statistics!))
  }
  const encoder = sequence('encoder', begin).add(layers.encoder)
  const heads = layers.codeHeads.map((layer) => encoder.beside('log_variance', layer).end([codeClamped]))
  encoder.end(gated(variant, config, definitions))
  const classifies = fineTuning.kind === 'classification'
  const rest = classifies
    ? [
        sequence('classifier', ['*self.encoder'])
          .add([classifierOf(network.layers.at(-1)!, classes)])
          .end(['nn.Softmax(1)']),
      ]
    : decoding(sequence('decoder').add(layers.decoder, encoder), layers.outputHeads)
  return [
    '# pip install numpy torch safetensors',
    'import torch',
    ...(definitions.lines.some((line) => /\bF\./.test(line)) ? ['import torch.nn.functional as F'] : []),
    'from safetensors.torch import load_file',
    'from torch import nn',
    ...(network.weightNorm ? ['from torch.nn.utils import parametrize'] : []),
    '',
    '',
    ...definitions.lines,
    'class Network(nn.Module):',
    ...described([encoder, ...heads, ...rest]),
    '',
    '    def __init__(self, weights):',
    '        super().__init__()',
    ...[encoder, ...heads, ...rest].flatMap(({ name, modules }) => [
      `        self.${name} = nn.Sequential(`,
      ...modules.map((module) => `            ${module},`),
      '        )',
    ]),
    '',
    '    def forward(self, x):',
    `        return self.${classifies ? 'classifier(x)' : 'decoder(self.encoder(x))'}`,
    '',
    '',
    `model = Network(load_file(${quoted(file)})).eval()`,
    '',
    "if __name__ == '__main__':",
    ...example(inputShape, images).map((line) => `    ${line}`),
    '    with torch.no_grad():',
    '        print(model.encoder(x).shape, model(x).shape)',
    '',
  ].join('\n')
}

const decoding = (decoder: Sequence, outputHeads: readonly Layer[]): Sequence[] => {
  const heads = outputHeads.map((layer) => decoder.beside('output_log_variance', layer).end([clamped]))
  return [decoder.end(), ...heads]
}

/** A constant channel is what it is; divided by 1 it stays so. */
const standardising = ({ mean, deviation }: ChannelStatistics): string =>
  `Standardised([${mean.join(', ')}], [${deviation.map((each) => each || 1).join(', ')}])`

/** The module between the encoder's last layer and the code, where a variant has one. */
function gated(variant: Variant, config: Config, definitions: Definitions): string[] {
  if (!variant.gate) return []
  const expression = variant.gateInTorch?.(config.regularizer as never)
  if (expression === undefined)
    throw new WorkbenchError(
      'EXPORT_UNSUPPORTED',
      `There is no loader in PyTorch for what ${variant.title} lets through of the code; export the run as ONNX instead.`,
    )
  definitions.need(gate(expression))
  return ['Gate()']
}

/** What the fields of the module do. */
const doings: Record<string, string> = {
  encoder: 'encoder: inputs -> codes [N, units]',
  log_variance: 'log_variance: inputs -> log variances of the codes, of which the codes are the means',
  decoder: 'decoder: codes -> reconstructions [N, values]',
  output_log_variance: 'output_log_variance: codes -> log variances of the values, of which the reconstructions are the means',
  classifier: 'classifier: inputs -> probabilities of the classes',
}
const described = (fields: readonly Sequence[]): string[] => [
  '    """',
  ...fields.map(({ name }) => `    ${doings[name]!}`),
  '    """',
]

function example(shape: Shape, images: boolean): string[] {
  const { height, width, channels } = shape
  if (!images) return [`x = torch.zeros(2, ${sizeOf(shape)})  # rows of values, as they were imported`]
  return [
    `# Images as they were imported: [N, ${height}, ${width}, ${channels}] or [N, ${sizeOf(shape)}], values from 0 to 1 (bytes / 255).`,
    `x = torch.zeros(2, ${height}, ${width}, ${channels})`,
  ]
}
