import type { Activation } from '../../../../../shared/config.ts'
import { codeLogVarianceRange, logVarianceRange } from '../../../network/weights.ts'

/** Modules that a network may need beside its layers, as lines of Python. */
export const pieces = {
  standardised: [
    'class Standardised(nn.Module):',
    '    """Values [N, values], channels side by side, by mean and deviation of the training images, channel by channel."""',
    '',
    '    def __init__(self, mean, deviation):',
    '        super().__init__()',
    "        self.register_buffer('mean', torch.tensor(mean))",
    "        self.register_buffer('deviation', torch.tensor(deviation))",
    '',
    '    def forward(self, x):',
    '        return ((x.reshape(len(x), -1, len(self.mean)) - self.mean) / self.deviation).flatten(1)',
  ],
  normalised: [
    'class Normalised(nn.Module):',
    '    """Every filter divided by its norm, as the network uses it; the file has what was trained."""',
    '',
    '    def forward(self, weight):',
    '        return F.normalize(weight.flatten(1)).reshape(weight.shape)',
    '',
    '',
    'def normalised(layer):',
    "    nn.utils.parametrize.register_parametrization(layer, 'weight', Normalised())",
    '    return layer',
  ],
  batchNormalised: [
    'def batch_normalised(kind, weights, layer):',
    '    """By the running statistics of the training; where it is trained further, by its batches."""',
    "    bias = weights[f'{layer}/bias']",
    '    normalisation = kind(len(bias))',
    "    normalisation.weight, normalisation.bias = nn.Parameter(weights[f'{layer}/scale']), nn.Parameter(bias)",
    "    normalisation.running_mean = weights[f'state/{layer}/mean']",
    "    normalisation.running_var = weights[f'state/{layer}/variance']",
    '    return normalisation',
  ],
  permuted: [
    'class Permuted(nn.Module):',
    '    def __init__(self, *order):',
    '        super().__init__()',
    '        self.order = order',
    '',
    '    def forward(self, x):',
    '        return x.permute(self.order)',
  ],
} as const

/** What of the encoder's output is the code. @param expression of a tensor `code` [N, units] */
export const gate = (expression: string): readonly string[] => [
  'class Gate(nn.Module):',
  '    def forward(self, code):',
  `        return ${expression}`,
]

/** The module of an activation; null for none. */
export const activationModules: Record<Activation, string | null> = {
  linear: null,
  sigmoid: 'nn.Sigmoid()',
  tanh: 'nn.Tanh()',
  relu: 'nn.ReLU()',
  elu: 'nn.ELU()',
  softplus: 'nn.Softplus()',
}

/** Keep log variances of the code and of the output in their ranges. */
export const codeClamped = `nn.Hardtanh(${codeLogVarianceRange.join(', ')})`
export const clamped = `nn.Hardtanh(${logVarianceRange.join(', ')})`
