import type { LinearMap } from '../../../network/layer.ts'

/** How PyTorch does what one kind of layers does. */
export interface TorchKind {
  /** How its values lie: rows [N, values], or planes [N, channels, height, width]. */
  lies: 'rows' | 'planes'
  /** What defines the layer, and what goes back through one with a bias of its own (`adjoint`): lines of Python. */
  source: readonly string[]
  adjoint: readonly string[]
  /** A new layer with the weights of a name: an expression. @param bias false for one that is only gone back through */
  layer: (map: LinearMap, kernel: string, bias: string | null) => string
  /** Goes back through a layer: an expression. @param bias null without one */
  back: (map: LinearMap, layer: string, bias: string | null) => string
  /** PyTorch's normalisation of what it gives. */
  normalisation: string
}

/** How a class begins that goes back through a layer. */
const backInit = [
  '    def __init__(self, layer, bias):',
  '        super().__init__()',
  '        self.layer, self.bias = layer, None if bias is None else nn.Parameter(bias)',
  '',
]

const dense: TorchKind = {
  lies: 'rows',
  source: [
    'class Dense(nn.Linear):',
    '    """x W + b. The file has W as [inputs, outputs], PyTorch as [outputs, inputs]."""',
    '',
    '    def __init__(self, kernel, bias):',
    '        super().__init__(*kernel.shape, bias=bias is not None)',
    '        self.weight = nn.Parameter(kernel.T.contiguous())',
    '        if bias is not None:',
    '            self.bias = nn.Parameter(bias)',
  ],
  adjoint: [
    'class DenseBack(nn.Module):',
    '    """Back through a dense layer: its weights transposed, and a bias of its own."""',
    '',
    ...backInit,
    '    def forward(self, x):',
    '        return F.linear(x, self.layer.weight.T, self.bias)',
  ],
  layer: (_, kernel, bias) => `Dense(${kernel}, ${bias ?? 'None'})`,
  back: (_, layer, bias) => `DenseBack(${layer}, ${bias ?? 'None'})`,
  normalisation: 'nn.BatchNorm1d',
}

const convolution: TorchKind = {
  lies: 'planes',
  source: [
    'class Convolution(nn.Conv2d):',
    '    """Padded as TensorFlow pads for SAME. The file has the kernel as [height, width, channels, filters]."""',
    '',
    '    def __init__(self, kernel, bias, size, stride):',
    '        super().__init__(*kernel.shape[2:], tuple(kernel.shape[:2]), stride, bias=bias is not None)',
    '        self.weight = nn.Parameter(kernel.permute(3, 2, 0, 1).contiguous())',
    '        if bias is not None:',
    '            self.bias = nn.Parameter(bias)',
    '        self.size = size',
    '        spare = [max(-(-n // stride) * stride - stride + k - n, 0) for n, k in zip(size, kernel.shape)]',
    '        top, left = spare[0] // 2, spare[1] // 2',
    '        self.edges = (left, spare[1] - left, top, spare[0] - top)',
    '',
    '    def forward(self, x):',
    '        return super().forward(F.pad(x, self.edges))',
  ],
  adjoint: [
    'class ConvolutionBack(nn.Module):',
    '    """Back through a convolution: its adjoint, from filters to channels, and a bias of its own."""',
    '',
    ...backInit,
    '    def forward(self, x):',
    '        x = F.conv_transpose2d(x, self.layer.weight, stride=self.layer.stride)',
    '        (height, width), (left, _, top, _) = self.layer.size, self.layer.edges',
    '        x = F.pad(x, (-left, left + width - x.shape[3], -top, top + height - x.shape[2]))',
    '        return x if self.bias is None else x + self.bias.reshape(-1, 1, 1)',
  ],
  layer: ({ in: { height, width }, stride }, kernel, bias) =>
    `Convolution(${kernel}, ${bias ?? 'None'}, (${height}, ${width}), ${stride})`,
  back({ enlarges, in: { height, width } }, layer, bias) {
    const back = `ConvolutionBack(${layer}, ${bias ?? 'None'})`
    return enlarges ? `nn.Sequential(nn.Upsample((${height}, ${width})), ${back})` : back
  },
  normalisation: 'nn.BatchNorm2d',
}

/** By the number of axes of their kernels. */
const kinds: Readonly<Record<number, TorchKind>> = { 2: dense, 4: convolution }

/** How PyTorch does what a map does; null where it is not known. */
export const torchKind = ({ kernel }: LinearMap): TorchKind | null => kinds[kernel.length] ?? null
